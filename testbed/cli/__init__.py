"""The command line: its parser, and the options and the code of each command."""
