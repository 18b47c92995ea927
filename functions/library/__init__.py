"""The owner's drive: list, edit, publish, trash, restore, delete for good."""
