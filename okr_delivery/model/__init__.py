"""What the tool talks about: frozen, slotted dataclasses without I/O."""
