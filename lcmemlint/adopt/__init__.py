"""Ways into a project that has findings already: a baseline, the changes since a revision, ignore comments."""
