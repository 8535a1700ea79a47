# The dead-man: runs as a Job beside the policy that was switched off, and switches it on when its time is over.
#
# It acts only on the object with OBJECT_UID, and only while that object carries OPERATION. It is armed (HOME/armed is
# young, which makes its pod ready) for as long as it can read the object. It ends by itself when the policy is on again.
set -u
trap 'exit 143' TERM INT

say() { echo "$(date -u +%Y-%m-%dT%H:%M:%SZ) $*"; }
now() { date -u +%Y%m%d%H%M%S; }
digits() { echo "$1" | tr -dc '0-9' | cut -c 1-14; }
trouble() { tr '\n' ' ' < "$HOME/trouble" | cut -c 1-400; }
ask() { kubectl --request-timeout=10s ${NAMESPACE:+"--namespace=$NAMESPACE"} "$@" 2> "$HOME/trouble"; }
look() {
  ask get "$RESOURCE" "$NAME" -o 'jsonpath={.metadata.uid}|{.metadata.annotations.pointsman\.dev/off-operation}|{.metadata.annotations.pointsman\.dev/off-until}'
}

# Each patch is applied whole or not at all: it begins by testing that the object still carries OPERATION. The first puts
# the selectors back as they were; the others are for a selector that somebody changed meanwhile.
switch_on() {
  for patch in "$PATCH" "$PATCH_CHANGED" "$PATCH_REST"; do
    if ask patch "$RESOURCE" "$NAME" --type=json "--patch=$patch" --field-manager=pointsman > /dev/null; then
      return 0
    fi
    case "$(cat "$HOME/trouble")" in
      *"is invalid"* | *"request is invalid"* | *"(Invalid)"* | *"test failed"* | *"testing"*) ;;
      *) return 1 ;;
    esac
  done
  return 1
}

armed=no seen=no late=no due=$LATEST said=
while :; do
  pause=$LOOK
  if found=$(look); then
    rest=${found#*|} operation=${rest%%|*} until=$(digits "${rest#*|}")
    if [ "${found%%|*}" != "$OBJECT_UID" ]; then say "another object has that name now; nothing to do"; exit 0; fi
    date +%s > "$HOME/armed"
    # The toggle comes soon after that.
    if [ $seen = no ]; then pause=2; fi
    if [ $armed = no ]; then armed=yes; say "armed: it has read $RESOURCE $NAME"; fi
    if [ "$operation" = "$OPERATION" ]; then
      if [ ${#until} -eq 14 ]; then due=$until; else due=$LATEST; fi
      if [ $seen = no ]; then seen=yes; say "it is off; due at $due UTC"; fi
      if [ "$(now)" -ge "$due" ]; then
        # Whoever switched it off comes first, if it is still there.
        sleep "$GRACE"
        if ! found=$(look); then continue; fi
        rest=${found#*|}
        if [ "${rest%%|*}" != "$OPERATION" ]; then say "somebody else switched it on"; exit 0; fi
        if switch_on; then say "switched on"; exit 0; fi
        say "could not switch it on: $(trouble)"
        pause=5
      fi
    elif [ $seen = yes ]; then say "it is on again, or another operation holds it off; nothing left to do"; exit 0
    elif [ "$(now)" -ge "$LATEST" ]; then say "it was never switched off"; exit 0
    fi
  else
    case "$(cat "$HOME/trouble")" in *"(NotFound)"*) say "it is gone"; exit 0 ;; esac
    if [ "$(trouble)" != "$said" ]; then said=$(trouble); say "cannot read it: $said"; fi
    if [ $armed = no ]; then pause=1; else pause=5; fi
  fi
  waited=0
  while [ $waited -lt "$pause" ]; do
    if [ $seen = yes ] && [ $late = no ] && [ "$(now)" -ge "$due" ]; then late=yes; break; fi
    sleep 1 &
    wait $!
    waited=$((waited + 1))
  done
done
