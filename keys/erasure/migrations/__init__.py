"""The schema `erasure`, as numbered SQL files."""
