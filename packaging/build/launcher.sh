#!/bin/sh
# Starts the sersync beside it, wherever that is and whatever links lead here.
self=$0
case $self in
  */*) ;;
  *) self=./$self ;;
esac
while [ -L "$self" ]; do
  link=$(readlink "$self")
  case $link in
    /*) self=$link ;;
    *) self=${self%/*}/$link ;;
  esac
done
here=$(CDPATH= cd -P -- "${self%/*}" && pwd) || exit 1
exec "$here/../lib/sersync/node" "$here/../lib/sersync/dist/bin/sersync.js" "$@"
