"""Programs that end by what they have not caught."""

from __future__ import annotations

from tests.distributed.endings.ending import Ending

UNCAUGHT = {
    "raises": Ending("def inner(): raise ValueError('boom')\ninner()"),
    "raises from another": Ending(
        "try: {}['x']\nexcept KeyError as problem: raise ValueError('boom') from problem"
    ),
    "raises while handling": Ending("try: {}['x']\nexcept KeyError: undefined"),
    "raises a long text": Ending("raise ValueError('x' * 30_000)"),
    "raises lines": Ending("raise ValueError('one\\ntwo\\n')"),
    "raises what cannot be printed": Ending(
        "class Bad(Exception):\n    def __str__(self): raise ValueError\nraise Bad"
    ),
    "raises with a note": Ending(
        "problem = ValueError('boom')\n"
        "getattr(problem, 'add_note', print)('look there')\nraise problem"
    ),
    "raises in a library": Ending("import json\njson.loads('{')"),
    "keyboard interrupt": Ending("print('now')\nraise KeyboardInterrupt"),
    "keyboard interrupt of a subclass": Ending("class Mine(KeyboardInterrupt): pass\nraise Mine"),
    "generator exit": Ending("raise GeneratorExit"),
    "recursion": Ending("def deeper(n): return deeper(n + 1)\ndeeper(0)"),
    "just not too deep": Ending(
        "def deeper(n): return n and deeper(n - 1)\nprint(deeper(990))",
    ),
    "syntax error": Ending("print('never')\ndef ("),
    "no such import": Ending("import no_such_module_at_all"),
    "excepthook": Ending(
        "sys.excepthook = lambda *a: print('mine', *a[:2])\nraise ValueError('x')"
    ),
    "excepthook sees no frames of others": Ending(
        "import traceback\n"
        "sys.excepthook = lambda k, v, t: print(*[f.name for f in traceback.extract_tb(t)])\n"
        "def inner(): raise ValueError('x')\ninner()"
    ),
    "excepthook raises": Ending(
        "def hook(*a): raise KeyError('in the hook')\nsys.excepthook = hook\nraise ValueError('x')"
    ),
    "excepthook exits": Ending("sys.excepthook = lambda *a: sys.exit(9)\nraise ValueError('x')"),
    "excepthook is gone": Ending("del sys.excepthook\nraise ValueError('x')"),
    "last exception": Ending(
        "import atexit\natexit.register(lambda: print(sys.last_type, sys.last_value))\n"
        "raise ValueError('x')"
    ),
    "a thread raises": Ending(
        "def fail(): raise ValueError('in a thread')\n"
        "t = threading.Thread(target=fail, name='one'); t.start(); t.join(); print('goes on')"
    ),
    "threading.excepthook": Ending(
        "threading.excepthook = lambda a: print('mine', a.exc_value)\n"
        "def fail(): raise ValueError('in a thread')\n"
        "t = threading.Thread(target=fail); t.start(); t.join()"
    ),
    "unraisablehook": Ending(
        "class Bad:\n    def __del__(self): raise ValueError('x')\n"
        "sys.unraisablehook = lambda a: print('mine', a.exc_value)\nBad()"
    ),
}
