"""What steers a picture beside its words: ControlNets, the pictures that they read, and what each adds to a UNet call."""
