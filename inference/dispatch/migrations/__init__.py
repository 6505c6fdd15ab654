"""The schema `work`, as numbered SQL files."""
