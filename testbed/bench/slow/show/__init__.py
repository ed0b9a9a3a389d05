"""Shows what bounds a program in terminal, page, Markdown and as a trace."""
