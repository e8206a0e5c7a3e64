def run(bench, packages, table): pass
