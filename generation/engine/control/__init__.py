"""What steers a picture beside its words: ControlNets, and the pictures that they read."""
