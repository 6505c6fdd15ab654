"""The schema `front`, as numbered SQL files."""
