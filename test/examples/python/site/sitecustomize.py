"""Python imports a module of this name at every start, if it finds one on its path."""
print('sitecustomize of the user')
