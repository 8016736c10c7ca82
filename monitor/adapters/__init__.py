"""The world outside: one module per thing spoken to. Foreign errors become ours here."""
