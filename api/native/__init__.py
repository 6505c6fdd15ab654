"""The native routes: one resource a file, with its structs."""
