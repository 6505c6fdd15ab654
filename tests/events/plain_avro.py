"""A second reader of Avro, written from `docs/formats.md` alone: it shares no code with the product or its libraries.

It reads binary Avro by the parsed JSON of a schema, and gives numbers, texts and bytes as they are written: no logical types.
"""

from typing import Any


class Reader:
    """Reads values one after another from the bytes of one record; `rest` is what was not read yet."""

    def __init__(self, data: bytes) -> None:
        self.rest = data
        self._named: dict[str, Any] = {}

    def read(self, schema: Any) -> Any:
        """The next value, which is of this schema."""
        if isinstance(schema, list):
            return self.read(schema[self._long()])
        if isinstance(schema, str):
            return self._primitive(schema)
        kind = schema["type"]
        if "name" in schema:
            self._named[f"{schema['namespace']}.{schema['name']}"] = schema
        if kind == "record":
            return {item["name"]: self.read(item["type"]) for item in schema["fields"]}
        if kind == "fixed":
            return self._take(schema["size"])
        return self._array(schema["items"]) if kind == "array" else self._primitive(kind)

    def _primitive(self, kind: str) -> Any:
        if kind == "null":
            return None
        if kind == "boolean":
            return {0: False, 1: True}[self._take(1)[0]]
        if kind in {"int", "long"}:
            return self._long()
        if kind in {"bytes", "string"}:
            found = self._take(self._long())
            return found.decode("utf-8") if kind == "string" else found
        return self.read(self._named[kind])

    def _array(self, items: Any) -> list[Any]:
        found: list[Any] = []
        while (count := self._long()) != 0:
            if count < 0:
                count = -count
                self._long()
            found += [self.read(items) for _ in range(count)]
        return found

    def _long(self) -> int:
        number, shift = 0, 0
        while True:
            byte = self._take(1)[0]
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return number >> 1 ^ -(number & 1)

    def _take(self, size_bytes: int) -> bytes:
        if not 0 <= size_bytes <= len(self.rest):
            raise EOFError("more was announced than there is")
        found, self.rest = self.rest[:size_bytes], self.rest[size_bytes:]
        return found
