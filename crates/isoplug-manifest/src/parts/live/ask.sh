key=/run/isoplug-persistence.key
trap 'rm -f "$key"' EXIT
umask 077
while :; do
  first=$(systemd-ask-password --timeout=0 "New passphrase for what is kept on $medium:")
  second=$(systemd-ask-password --timeout=0 "The same passphrase again:")
  [ -z "$first" ] || [ "$first" != "$second" ] || break
  echo "They differ, or there is none."
done
printf %s "$first" >"$key"
