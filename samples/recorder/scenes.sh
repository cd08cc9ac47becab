# shellcheck shell=bash disable=SC2154  # here and work are record.sh's
# What the clients do. Every scene fails when a client doesn't get the answer that it should, so no capture is recorded in vain.

ask() { in_client curl -sS --max-time 10 "$@"; }
ask_tls() { ask --cacert "$work/ca.pem" "$@"; }

# refused COMMAND...: the command has to fail.
refused() {
    if "$@"; then
        echo "succeeded, and should not: $*" >&2
        return 1
    fi
}

scene_http() {
    local site=http://www.sample.test
    ask -4 -A 'Mozilla/5.0 (X11; Linux x86_64) FlowPipe-sample' -e "$site/" "$site/" "$site/data.json?q=1&lang=nl" "$site/long.txt"
    ask -6 --compressed "$site/long.txt"
    ask -4 "$site/download.bin"
    ask -I "$site/download.bin"
    ask -H 'X-Forwarded-For: 192.0.2.7' -b 'session=1234; theme=dark' "$site/no-such-page"
    ask -L "$site/old"
    ask -d 'name=alice&message=hello+world' "$site/submit"
    ask -F 'file=@/usr/share/common-licenses/BSD' "$site/submit"
    ask -6 -T "$work/www/data.json" "$site/upload/data.json"
    ask -X DELETE "$site/upload/data.json"
    ask "$site/private.html"
    ask -u alice:sample "$site/private.html"
    ask -r 1000-1999 "$site/download.bin"
    ask --http1.0 -H 'Host:' http://10.77.0.2/
    ask 'http://[fd00:77::2]/index.html'
}

scene_http2() {
    # one request a connection: Debian 12's curl fails when it uses such a connection again
    ask --http2-prior-knowledge -4 http://www.sample.test:8080/
    ask --http2-prior-knowledge -4 http://www.sample.test:8080/data.json
    ask --http2-prior-knowledge -6 http://www.sample.test:8080/long.txt
}

scene_tls() {
    ask_tls -4 https://www.sample.test/ https://www.sample.test/data.json
    ask_tls -6 --http1.1 https://www.sample.test/download.bin
    ask_tls --tls-max 1.2 https://www.sample.test/
    ask_tls --tls-max 1.2 --ciphers ECDHE-RSA-AES128-GCM-SHA256 --http1.1 https://www.sample.test/data.json
    ask_tls https://ecdsa.sample.test/
    ask_tls --cert "$work/client.pem" --key "$work/client.key" https://www.sample.test:8443/
    ask --insecure https://10.77.0.2/
    refused ask https://www.sample.test/ # an authority that the client doesn't know: it says so in an alert
    # the second connection resumes the first one's session
    echo Q | in_client openssl s_client -connect 10.77.0.2:443 -servername www.sample.test -tls1_2 -sess_out "$work/session"
    echo Q | in_client openssl s_client -connect 10.77.0.2:443 -servername www.sample.test -tls1_2 -sess_in "$work/session"
}

scene_dns() {
    local query
    for query in 'www.sample.test A' 'www.sample.test AAAA' 'sample.test MX' 'sample.test TXT' 'web.sample.test A' 'nothing.sample.test A' \
        '_submission._tcp.sample.test SRV' 'sample.test CAA' '-x 10.77.0.2' '-x fd00:77::2' 'blocked.test A' 'www.example.com A'; do
        # shellcheck disable=SC2086 # two words
        in_client dig @10.77.0.2 $query
    done
    in_client dig @10.77.0.2 +tcp www.sample.test A mail.sample.test A
    in_client dig @10.77.0.2 +bufsize=512 long.sample.test TXT # truncated, asked again over TCP
    in_client dig @10.77.0.2 +noedns www.sample.test A
    in_client dig @10.77.0.2 chaos txt version.bind
    in_client dig @fd00:77::2 www.sample.test AAAA
    in_client dig @fd00:77::2 +tcp +dnssec sample.test MX
}

ssh_options() {
    printf -- '-o\nUserKnownHostsFile=/dev/null\n-o\nStrictHostKeyChecking=no\n-o\nBatchMode=yes\n-F\nnone\n'
}

scene_ssh() {
    local options
    mapfile -t options < <(ssh_options)
    in_client ssh "${options[@]}" -i "$work/ssh_user_key" sample@www.sample.test 'echo hello; seq 1000'
    in_client ssh "${options[@]}" -i "$work/ssh_user_key" -o HostKeyAlgorithms=rsa-sha2-512 -o Ciphers=aes256-ctr -o MACs=hmac-sha2-256 sample@fd00:77::2 true
    in_client scp -q "${options[@]}" -i "$work/ssh_user_key" "$work/www/download.bin" "sample@[10.77.0.2]:download.bin"
    refused in_client ssh "${options[@]}" -o IdentitiesOnly=yes -o IdentityFile=none sample@10.77.0.2 true # no key: refused
}

scene_smtp() {
    local message=(--helo client.sample.test --from alice@sample.test)
    in_client swaks --server 10.77.0.2 "${message[@]}" --to bob@sample.test --header 'Subject: A first message' --body 'Hello Bob.'
    in_client swaks --server mail.sample.test "${message[@]}" --to bob@sample.test,carol@sample.test --header 'Subject: With an attachment' \
        --attach-type text/plain --attach-name license.txt --attach @/usr/share/common-licenses/BSD
    in_client swaks --server mail.sample.test "${message[@]}" --to bob@sample.test --tls --auth PLAIN --auth-user alice --auth-password sample
    in_client swaks --server 10.77.0.2 "${message[@]}" --to bob@sample.test --tls-on-connect --port 465
    refused in_client swaks --server 10.77.0.2 "${message[@]}" --to someone@elsewhere.test # relaying is refused
    printf 'From: alice@sample.test\nTo: bob@sample.test\nSubject: =?utf-8?B?R3LDvMOfZQ==?=\nMessage-ID: <1@sample.test>\n\nSent by curl over IPv6.\n' |
        in_client curl -sS -6 --url smtp://mail.sample.test/client.sample.test --mail-from alice@sample.test --mail-rcpt bob@sample.test -T -
}

scene_ftp() {
    ask ftp://10.77.0.2/long.txt                                           # anonymous, passive
    ask 'ftp://[fd00:77::2]/'                                              # EPSV over IPv6
    ask --ftp-port 10.77.0.1 --disable-eprt ftp://10.77.0.2/long.txt       # active: the server connects back
    in_client curl -sS -u sample:sample -T "$work/www/data.json" ftp://10.77.0.2/data.json
    refused ask -u sample:wrong ftp://10.77.0.2/
}

scene_ntp() {
    in_client chronyd -Q -t 10 'server 10.77.0.2 iburst maxsamples 4' 'cmdport 0' "pidfile $work/chrony-client.pid"
    in_client chronyd -Q -t 10 'server fd00:77::2 iburst maxsamples 1' 'cmdport 0' "pidfile $work/chrony-client.pid"
}

scene_snmp() {
    in_client snmpget -v1 -c public 10.77.0.2 1.3.6.1.2.1.1.1.0
    in_client snmpwalk -v2c -c public 10.77.0.2 1.3.6.1.2.1.1
    in_client snmpbulkget -v2c -c public 10.77.0.2 1.3.6.1.2.1.1
    in_client snmpget -v3 -l authPriv -u sample -a SHA -A sample-password -x AES -X sample-password 10.77.0.2 1.3.6.1.2.1.1.5.0
    refused in_client snmpget -v2c -c wrong -r 0 -t 1 10.77.0.2 1.3.6.1.2.1.1.5.0 # no answer comes
}

scene_dhcp() {
    # The lease is asked for and given back; the interface keeps the address that it has.
    in_client busybox udhcpc -i eth0 -n -q -R -s /bin/true -x hostname:client -t 5
}

scene_icmp() {
    in_client ip neigh flush dev eth0
    in_client ping -c 3 -i 0.2 10.77.0.2
    in_client ping -c 3 -i 0.2 fd00:77::2
    in_client ping -c 1 -s 1200 -p c0ffee 10.77.0.2
    in_client ping -c 2 -i 0.2 ff02::1%eth0
    refused in_client ping -c 1 -W 1 10.78.0.1      # unreachable, says the server
    refused in_client ping -c 1 -W 1 -t 1 10.79.0.1 # time exceeded in transit
    refused in_client ping -c 1 -W 1 10.77.0.99     # ARP that nobody answers
    # nobody listens on these ports: port unreachable
    in_client /usr/bin/python3 -c 'import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"anyone?", ("10.77.0.2", 4444))'
    in_client /usr/bin/python3 -c 'import socket; socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).sendto(b"anyone?", ("fd00:77::2", 4444))'
    # joins and leaves a group: MLD reports, which carry a hop-by-hop header with the router alert
    in_client /usr/bin/python3 "$here/recorder/join_group.py" eth0 ff15::77
}

scene_fragments() {
    in_client ping -c 2 -i 0.2 -s 4000 10.77.0.2
    in_client ping -c 2 -i 0.2 -s 4000 fd00:77::2
}

scene_sctp() {
    in_client /usr/bin/python3 "$here/recorder/sctp_peer.py" connect 10.77.0.1 10.77.0.2 9899
}

scene_vlan() {
    in_client ip neigh flush dev eth1
    in_client ping -c 2 -i 0.2 10.77.5.2
    in_client ping -c 2 -i 0.2 fd00:77:5::2
    ask http://10.77.5.2/ http://10.77.5.2/data.json
    ask 'http://[fd00:77:5::2]/long.txt'
}

scene_mixed() {
    ask -4 http://www.sample.test/ http://www.sample.test/data.json
    ask_tls -6 https://www.sample.test/
    in_client dig @10.77.0.2 sample.test MX
    in_client ping -c 2 -i 0.2 10.77.0.2
    in_client ping -c 2 -i 0.2 fd00:77::2
    in_client swaks --server 10.77.0.2 --helo client.sample.test --from alice@sample.test --to bob@sample.test --body 'Hello again.'
    refused ask http://10.77.0.2:81/ # nobody listens there: reset
    in_client snmpget -v2c -c public 10.77.0.2 1.3.6.1.2.1.1.5.0
    in_client chronyd -Q -t 10 'server 10.77.0.2 iburst maxsamples 1' 'cmdport 0' "pidfile $work/chrony-client.pid"
}
