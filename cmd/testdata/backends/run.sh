# Takes a login code and a phone code of the simulated user alice, as a mini program would send them, and hands them to a back end.
set -eu
code=$(wxlogin mock login --user alice)
phone=$(wxlogin mock phone --user alice -q .code)
exec "$@" "$code" "$phone"
