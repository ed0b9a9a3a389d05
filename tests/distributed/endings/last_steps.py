"""Programs with something left to do at their end, and with their streams changed."""

from __future__ import annotations

from tests.distributed.endings.ending import Ending

AT_THE_END = {
    "idle pool": Ending(
        "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(2)\n"
        "print(pool.submit(lambda: 42).result())"
    ),
    "busy pool": Ending(
        "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(1)\n"
        "for n in range(3): pool.submit(lambda n=n: (time.sleep(0.05), print('late', n)))"
    ),
    "late thread": Ending(
        "threading.Thread(target=lambda: (time.sleep(0.1), print('late'))).start()\nprint('end')"
    ),
    "late thread after an exception": Ending(
        "threading.Thread(target=lambda: (time.sleep(0.1), print('late'))).start()\nundefined"
    ),
    "daemon thread": Ending(
        "threading.Thread(target=threading.Event().wait, daemon=True).start()\nprint('end')"
    ),
    "end of threads": Ending(
        "import atexit\natexit.register(print, 'exit handler')\n"
        "threading._register_atexit(print, 'end of threads')\n"
        "threading.Thread(target=lambda: (time.sleep(0.1), print('late'))).start()"
    ),
    "exit handlers": Ending(
        "import atexit\n"
        "def more(): print('more'); atexit.register(print, 'registered late')\n"
        "atexit.register(print, 'first'); atexit.register(more); print('end')"
    ),
    "exit handler raises": Ending(
        "import atexit\ndef bad(): raise ValueError('in a handler')\n"
        "atexit.register(print, 'goes on'); atexit.register(bad)"
    ),
    "exit handler exits": Ending(
        "import atexit\natexit.register(lambda: sys.exit(7))\nsys.exit(2)"
    ),
    "exit handler leaves": Ending("import atexit\natexit.register(os._exit, 7)\nsys.exit(2)"),
    "exit handler after an exception": Ending(
        "import atexit\natexit.register(print, 'handler')\nundefined"
    ),
    "finalizer": Ending(
        "import weakref\nclass Thing: pass\nthing = Thing()\n"
        "weakref.finalize(thing, print, 'finalized')"
    ),
    "destructor of a global": Ending(
        "class Thing:\n    def __del__(self): print('gone')\nthing = Thing()"
    ),
    "destructor of a module's": Ending(
        "import helper",
        files=(("helper.py", "class T:\n  def __del__(s): print('gone')\nt = T()"),),
    ),
    "file left open": Ending(
        "left = open('left.txt', 'w')\nleft.write('not to be lost')\nimport helper",
        files=(("helper.py", "left = open('helper.txt', 'w')\nleft.write('nor this')"),),
    ),
    "file left open after an exception": Ending(
        "def inner():\n    left = open('left.txt', 'w')\n    left.write('kept')\n"
        "    undefined\ninner()"
    ),
    "temporary folder": Ending(
        "import tempfile\nfolder = tempfile.TemporaryDirectory(dir='.')\nprint('made')"
    ),
    "warning": Ending("import warnings\nwarnings.warn('take care')"),
    "asyncio": Ending(
        "import asyncio\nasync def main():\n    await asyncio.sleep(0)\n    print('ran')\n"
        "    return 3\n"
        "sys.exit(asyncio.run(main()))"
    ),
    "asyncio with tasks that wait": Ending(
        "import asyncio\nasync def wait():\n    try: await asyncio.Event().wait()\n"
        "    finally: print('cancelled')\n"
        "async def main():\n    task = asyncio.ensure_future(wait())\n    await asyncio.sleep(0)\n"
        "asyncio.run(main())"
    ),
    "logging at the end": Ending(
        "import atexit, logging\nlogging.basicConfig(level=logging.INFO, format='%(message)s')\n"
        "logging.info('seen')\natexit.register(logging.info, 'seen, too')"
    ),
}


STREAMS = {
    "closes its output": Ending("print('before')\nsys.stdout.close()"),
    "closes both": Ending("print('before')\nsys.stdout.close(); sys.stderr.close()"),
    "closes both and raises": Ending(
        "sys.stdout.close(); sys.stderr.close()\nundefined",
    ),
    "no output": Ending("sys.stdout = None\nprint('nowhere')"),
    "no streams and a text": Ending("sys.stdout = sys.stderr = None\nsys.exit('text')"),
    "other output": Ending("import io\nsys.stdout = io.StringIO()\nprint('nowhere')"),
    "output that cannot be flushed": Ending(
        "class Bad:\n    def write(self, text): pass\n    def flush(self): raise OSError('full')\n"
        "sys.stdout = Bad()\nprint('nowhere')"
    ),
    "closes descriptors": Ending("os.closerange(3, 256)\nprint('closed')"),
    "closes every descriptor": Ending(
        "os.closerange(3, os.sysconf('SC_OPEN_MAX'))\nprint('closed')\nsys.exit(3)"
    ),
    "closes 1 and 2": Ending("os.close(1); os.close(2)\nopen('a', 'w').write('x')"),
    "prints to a closed 1": Ending("os.close(1)\nprint('nowhere')"),
    "puts its output elsewhere": Ending(
        "out = os.open('out.txt', os.O_WRONLY | os.O_CREAT)\nos.dup2(out, 1)\n"
        "print('into the file')\n"
        "os.system('echo a child, too')"
    ),
    "puts files over descriptors": Ending(
        "open('over', 'w').close()\nfor number in range(3, 1024):\n"
        "    try: os.fstat(number)\n"
        "    except OSError: continue\n"
        "    with open('over', 'a') as file:\n"
        "        if file.fileno() != number: os.dup2(file.fileno(), number)\n"
        "print('put')\nsys.exit(3)"
    ),
    "binary output": Ending("os.write(1, bytes(range(128, 256)) + b'\\n')"),
    "half a line": Ending("print('half', end='')"),
}
