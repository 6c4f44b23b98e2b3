"""In which order turns are carried out, so that the result is that of one after the other."""
