"""The scenarios in each framework, as its documentation would write them; a module imports what it is named after.

Where a framework leaves the JSON library to its users, it is given msgspec: what is compared is the framework.
"""
