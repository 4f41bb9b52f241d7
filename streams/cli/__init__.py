"""The command ``tailorline``: one module a sub-command."""
