namespace oomkit {}
