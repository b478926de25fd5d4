"""From a plan to the files of a crate; generic over operators."""
