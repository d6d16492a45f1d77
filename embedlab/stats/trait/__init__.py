"""Does a space go along with a trait beyond descent: the test, its nulls, its placebos, what it foretells."""
