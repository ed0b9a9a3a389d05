"""Programs that look at what they find, and that are run as modules."""

from __future__ import annotations

from tests.distributed.endings.ending import Ending

SURROUNDINGS = {
    "module": Ending("print(__name__, __spec__.name, sys.argv)\nsys.exit(3)", as_module=True),
    "module that raises": Ending("def inner(): undefined\ninner()", as_module=True),
    "module that is interrupted": Ending("raise KeyboardInterrupt", as_module=True),
    "module with an exit handler": Ending(
        "import atexit\nkept = 'kept'\n"
        "atexit.register(lambda: print(kept, sys.argv[1:], sys.modules['__main__'].kept))",
        as_module=True,
    ),
    "package": Ending(
        "",
        as_module=True,
        files=(
            ("program/__init__.py", "print('package')"),
            (
                "program/__main__.py",
                "import sys\nfrom . import __name__ as name\n"
                "print(name, __spec__.name)\nsys.exit(4)",
            ),
        ),
    ),
    "package without a main": Ending(
        "", as_module=True, files=(("program/__init__.py", ""), ("program.py", ""))
    ),
    "globals": Ending("print(sorted(globals()))\nprint(type(__loader__).__name__, __spec__)"),
    "original arguments": Ending("print([a for a in sys.orig_argv[1:]], sys.argv)"),
    "removes its folder": Ending(
        "os.mkdir('away'); os.chdir('away'); os.rmdir('../away')\nprint('gone')\nsys.exit(3)"
    ),
    "goes to another folder": Ending("os.chdir('/')\nprint('elsewhere')\nsys.exit(3)"),
    "limits its files": Ending(
        "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (4, 4))\n"
        "print('limited')\nsys.exit(3)"
    ),
    "removes its own text": Ending("os.remove(__file__)\nprint('gone')"),
    "pickles what is its own": Ending(
        "import pickle\nclass Thing: pass\nprint(type(pickle.loads(pickle.dumps(Thing()))))"
    ),
    "logs before TensorFlow": Ending(
        "import logging\nlogging.basicConfig(format='mine %(message)s')\nimport tensorflow as tf\n"
        "tf.get_logger().warning('once')"
    ),
    "logs after TensorFlow": Ending(
        "import logging\nimport tensorflow as tf\nlogging.basicConfig(format='mine %(message)s')\n"
        "tf.get_logger().warning('twice')"
    ),
    "logs without TensorFlow": Ending(
        "import logging\n"
        "print('tensorflow' in sys.modules, logging.getLogger('tensorflow').handlers)\n"
        "logging.basicConfig(level=logging.INFO)\nlogging.info('seen')"
    ),
    "finds TensorFlow": Ending(
        "import importlib.util\nprint(importlib.util.find_spec('tensorflow').origin)\n"
        "from tensorflow.keras import layers\nimport tensorflow\n"
        "print(tensorflow.__spec__.origin, layers.Dense, tensorflow.constant(1).numpy())"
    ),
}
