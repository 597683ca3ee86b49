"""Schema over the wire: EntityDefinitions and relatives, read and written, and the CSDL document."""
