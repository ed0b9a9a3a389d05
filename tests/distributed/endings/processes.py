"""Programs that become or start others, and those that handle signals."""

from __future__ import annotations

from tests.distributed.endings.ending import Ending

PROCESSES = {
    "becomes itself again": Ending(
        "if len(sys.argv) == 1: os.execv(sys.executable, [sys.executable, __file__, '2'])\n"
        "print('second life', sys.argv[1:])"
    ),
    "becomes itself by orig_argv": Ending(
        "if os.environ.get('AGAIN'): print('again'); sys.exit(4)\n"
        "os.environ['AGAIN'] = '1'\nos.execv(sys.executable, sys.orig_argv)"
    ),
    "becomes another": Ending("os.execvp('sh', ['sh', '-c', 'echo other; exit 5'])"),
    "becomes one that is killed": Ending("os.execvp('sh', ['sh', '-c', 'kill -9 $$'])"),
    "child exits": Ending(
        "if os.fork() == 0:\n    print('child'); sys.exit(3)\n"
        "print(os.waitstatus_to_exitcode(os.wait()[1]))"
    ),
    "child falls off the end": Ending(
        "import atexit\natexit.register(lambda: print('handler'))\nchild = os.fork()\n"
        "if child: print(os.wait()[1])"
    ),
    "child raises": Ending(
        "if os.fork() == 0: raise ValueError('in the child')\n"
        "print(os.waitstatus_to_exitcode(os.wait()[1]))"
    ),
    "child leaves": Ending(
        "if os.fork() == 0: os._exit(3)\nprint(os.waitstatus_to_exitcode(os.wait()[1]))"
    ),
    "child in a session of its own": Ending(
        "if os.fork() == 0:\n    os.setsid(); print('session'); sys.exit(0)\nos.wait()"
    ),
    "child outlives it": Ending(
        "if os.fork() == 0:\n    os.close(1); os.close(2); time.sleep(600)\n"
        "print('end')\nsys.exit(2)"
    ),
    "subprocess": Ending(
        "import subprocess\nprint(subprocess.run(['sh', '-c', 'exit 6']).returncode)"
    ),
    "spawned process": Ending(
        "import multiprocessing as m\ndef work(): print('works', __name__); sys.exit(5)\n"
        "if __name__ == '__main__':\n"
        "    p = m.get_context('spawn').Process(target=work)\n"
        "    p.start(); p.join(); print(p.exitcode)"
    ),
    "forked process": Ending(
        "import multiprocessing as m\ndef work(): print('works'); sys.exit(5)\n"
        "p = m.get_context('fork').Process(target=work); p.start(); p.join(); print(p.exitcode)"
    ),
    "process that is not joined": Ending(
        "import multiprocessing as m\ndef work(): time.sleep(0.1); print('late')\n"
        "m.get_context('fork').Process(target=work).start(); print('end')"
    ),
    "pool that is not closed": Ending(
        "import multiprocessing as m\npool = m.get_context('fork').Pool(2)\n"
        "print(pool.map(abs, [-1, -2]))"
    ),
    "process pool": Ending(
        "import multiprocessing as m\nfrom concurrent.futures import ProcessPoolExecutor\n"
        "pool = ProcessPoolExecutor(1, mp_context=m.get_context('fork'))\n"
        "print(pool.submit(abs, -3).result())"
    ),
    "spawned process pool": Ending(
        "import multiprocessing as m\nfrom concurrent.futures import ProcessPoolExecutor\n"
        "def double(n): return 2 * n\nif __name__ == '__main__':\n"
        "    with ProcessPoolExecutor(1, mp_context=m.get_context('spawn')) as pool:\n"
        "        print(pool.submit(double, 4).result())"
    ),
}


SIGNALS = {
    "handles SIGTERM": Ending(
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(8))\n"
        "os.kill(os.getpid(), signal.SIGTERM)\ntime.sleep(9)"
    ),
    "handles SIGINT": Ending(
        "try:\n    os.kill(os.getpid(), signal.SIGINT); time.sleep(9)\n"
        "except KeyboardInterrupt: print('caught')"
    ),
    "handles SIGUSR1": Ending(
        "signal.signal(signal.SIGUSR1, lambda *_: print('mine'))\n"
        "os.kill(os.getpid(), signal.SIGUSR1)\nprint('goes on')"
    ),
    "handles SIGALRM": Ending(
        "signal.signal(signal.SIGALRM, lambda *_: print('rings'))\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.01)\n"
        "signal.pause()"
    ),
    "finds signals as they are": Ending(
        "print([signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD,"
        " signal.SIGUSR1, signal.SIGPIPE)])"
    ),
    "faulthandler": Ending(
        "import faulthandler\nfaulthandler.enable(file=open('fault.txt', 'w'))\nprint('enabled')\n"
        "faulthandler.disable()"
    ),
    "faulthandler on a signal": Ending(
        "import faulthandler\nfile = open('stacks.txt', 'w')\n"
        "faulthandler.register(signal.SIGUSR1, file=file, all_threads=False)\n"
        "os.kill(os.getpid(), signal.SIGUSR1)\nfile.close()\n"
        "print(open('stacks.txt').read().splitlines()[1])\nos.remove('stacks.txt')"
    ),
}
