"""Shows the figures of a benchmark in terminal, page, Markdown and plots."""
