"""Declares options and commands; and the options that several commands share."""
