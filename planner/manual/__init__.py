"""The reference: the instance language and the mathematics, generated from the code that carries them out."""
