"""Pure functions from graph to graph, or to a plan: one file each, one public function in each."""
