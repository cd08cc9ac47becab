# shellcheck shell=bash disable=SC2154  # here and work are record.sh's
# The servers, each on a configuration of its own below $work and in the server's namespace.

start_servers() {
    make_certificates
    start_nginx
    start_dnsmasq
    start_sshd
    start_exim
    start_vsftpd
    start_chronyd
    start_snmpd
    in_server /usr/bin/python3 "$here/recorder/sctp_peer.py" listen 10.77.0.2 9899 >"$work/sctp4.log" 2>&1 &
    wait_until "the SCTP server" grep -q listening "$work/sctp4.log"
}

# An authority, two server certificates that it signed (RSA and ECDSA), one client certificate. All thrown away at the end.
make_certificates() (
    cd "$work" || exit 1
    {
        openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 3650 -subj '/C=NL/O=FlowPipe samples/CN=Sample CA'
        for name in www.sample.test mail.sample.test; do
            openssl req -newkey rsa:2048 -nodes -keyout "$name.key" -out "$name.csr" -subj "/C=NL/O=FlowPipe samples/CN=$name"
            sign "$name" "subjectAltName=DNS:$name,DNS:sample.test"
        done
        for name in ecdsa.sample.test client; do
            openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$name.key" -out "$name.csr" -subj "/O=FlowPipe samples/CN=$name"
            sign "$name" "subjectAltName=DNS:$name"
        done
    } >"$work/openssl.log" 2>&1
    chgrp Debian-exim mail.sample.test.key && chmod 640 mail.sample.test.key
)

sign() {
    openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 3650 -extfile <(echo "$2") -out "$1.pem"
}

start_nginx() {
    mkdir -p "$work/www/upload"
    echo '<html><head><title>FlowPipe</title></head><body><h1>It works</h1></body></html>' >"$work/www/index.html"
    echo '{"name":"sample","values":[1,2,3]}' >"$work/www/data.json"
    seq -f 'Line %g of a text that compresses well.' 3000 >"$work/www/long.txt"
    head -c 100000 /dev/urandom >"$work/www/download.bin"
    echo 'for members' >"$work/www/private.html"
    echo "alice:$(openssl passwd -apr1 sample)" >"$work/htpasswd"
    chmod 755 "$work/www" && chmod 777 "$work/www/upload"
    cat >"$work/nginx.conf" <<END
user root;
worker_processes 1;
pid $work/nginx.pid;
error_log $work/nginx-error.log;
events { worker_connections 64; }
http {
    access_log off;
    types { text/html html; text/plain txt; application/json json; }
    default_type application/octet-stream;
    root $work/www;
    gzip on;
    gzip_types text/plain;
    client_body_temp_path $work/nginx-body;
    proxy_temp_path $work/nginx-proxy;
    fastcgi_temp_path $work/nginx-fastcgi;
    uwsgi_temp_path $work/nginx-uwsgi;
    scgi_temp_path $work/nginx-scgi;
    ssl_session_cache shared:TLS:1m;
    server {
        listen 80; listen [::]:80;
        location = /private.html { auth_basic "members"; auth_basic_user_file $work/htpasswd; }
        location = /old { return 301 http://www.sample.test/index.html; }
        location = /submit { return 200 "thank you\n"; }
        location /upload/ { dav_methods PUT DELETE; client_max_body_size 1m; }
    }
    server { listen 8080 http2; listen [::]:8080 http2; }
    server {
        listen 443 ssl http2; listen [::]:443 ssl http2;
        server_name www.sample.test;
        ssl_certificate $work/www.sample.test.pem; ssl_certificate_key $work/www.sample.test.key;
        ssl_protocols TLSv1.2 TLSv1.3;
    }
    server {
        listen 443 ssl http2;
        server_name ecdsa.sample.test;
        ssl_certificate $work/ecdsa.sample.test.pem; ssl_certificate_key $work/ecdsa.sample.test.key;
    }
    server {
        listen 8443 ssl;
        ssl_certificate $work/www.sample.test.pem; ssl_certificate_key $work/www.sample.test.key;
        ssl_client_certificate $work/ca.pem; ssl_verify_client on;
        ssl_protocols TLSv1.2;
    }
}
END
    in_server nginx -c "$work/nginx.conf"
}

start_dnsmasq() {
    cat >"$work/dnsmasq.conf" <<END
user=root
no-resolv
no-hosts
local=/test/
address=/blocked.test/0.0.0.0
pid-file=$work/dnsmasq.pid
interface=eth0
except-interface=lo
bind-interfaces
host-record=www.sample.test,10.77.0.2,fd00:77::2
host-record=mail.sample.test,10.77.0.2,fd00:77::2
host-record=ecdsa.sample.test,10.77.0.2
cname=web.sample.test,www.sample.test
mx-host=sample.test,mail.sample.test,10
mx-host=sample.test,www.sample.test,20
srv-host=_submission._tcp.sample.test,mail.sample.test,587
txt-record=sample.test,"v=spf1 mx -all"
txt-record=long.sample.test,$(printf 'x%.0s' {1..250}),$(printf 'y%.0s' {1..250}),$(printf 'z%.0s' {1..250})
caa-record=sample.test,0,issue,ca.sample.test
dhcp-range=10.77.0.100,10.77.0.110,1h
dhcp-leasefile=$work/dhcp.leases
domain=sample.test
END
    in_server dnsmasq -C "$work/dnsmasq.conf"
    wait_until dnsmasq in_client dig +short @10.77.0.2 www.sample.test
}

start_sshd() {
    ssh-keygen -q -t ed25519 -N '' -C host -f "$work/ssh_host_key"
    ssh-keygen -q -t rsa -b 2048 -N '' -C host -f "$work/ssh_host_rsa_key"
    ssh-keygen -q -t ed25519 -N '' -C sample -f "$work/ssh_user_key"
    cat >"$work/sshd_config" <<END
ListenAddress 0.0.0.0
ListenAddress ::
HostKey $work/ssh_host_key
HostKey $work/ssh_host_rsa_key
AuthorizedKeysFile $work/ssh_user_key.pub
PasswordAuthentication yes
StrictModes no
UsePAM no
UseDNS no
PidFile $work/sshd.pid
Subsystem sftp internal-sftp
END
    in_server /usr/sbin/sshd -f "$work/sshd_config" -E "$work/sshd.log"
}

# Takes every message for sample.test and keeps it in its queue.
start_exim() {
    mkdir -p "$work/exim" && chown Debian-exim: "$work/exim"
    cat >"$work/exim.conf" <<END
primary_hostname = mail.sample.test
smtp_banner = mail.sample.test ESMTP Exim
spool_directory = $work/exim
log_file_path = $work/exim/%slog
pid_file_path = $work/exim/exim.pid
daemon_smtp_ports = 25 : 465
tls_on_connect_ports = 465
tls_advertise_hosts = *
tls_certificate = $work/mail.sample.test.pem
tls_privatekey = $work/mail.sample.test.key
queue_only = true
rfc1413_query_timeout = 0s
host_lookup =
acl_smtp_rcpt = check_rcpt
acl_smtp_data = check_data
keep_environment =
begin acl
check_rcpt:
  accept domains = sample.test
  accept authenticated = *
  deny message = relay not permitted
check_data:
  accept
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = \${if and{{eq{\$auth2}{alice}}{eq{\$auth3}{sample}}}}
  server_set_id = \$auth2
END
    in_server exim4 -C "$work/exim.conf" -bdf >"$work/exim.log" 2>&1 &
    wait_until exim in_client /usr/bin/python3 -c "import socket; socket.create_connection((\"10.77.0.2\", 25), 2)"
}

start_vsftpd() {
    mkdir -p "$work/ftp"
    cp "$work/www/long.txt" "$work/ftp/"
    cat >"$work/vsftpd.conf" <<END
listen=NO
listen_ipv6=YES
background=NO
anonymous_enable=YES
anon_root=$work/ftp
no_anon_password=NO
local_enable=YES
write_enable=YES
port_enable=YES
connect_from_port_20=YES
pasv_min_port=40000
pasv_max_port=40009
secure_chroot_dir=/run/vsftpd/empty
pam_service_name=vsftpd
ftpd_banner=FlowPipe samples
seccomp_sandbox=NO
xferlog_enable=NO
END
    in_server vsftpd "$work/vsftpd.conf" >"$work/vsftpd.log" 2>&1 &
}

# Serves this machine's time and never sets it (-x).
start_chronyd() {
    printf 'local stratum 8\nallow all\ncmdport 0\nbindcmdaddress /\ndriftfile %s\npidfile %s\n' "$work/chrony.drift" "$work/chrony.pid" >"$work/chrony.conf"
    in_server chronyd -x -u root -f "$work/chrony.conf" -l "$work/chrony.log"
}

start_snmpd() {
    cat >"$work/snmpd.conf" <<END
rocommunity public default
createUser sample SHA "sample-password" AES "sample-password"
rouser sample
sysName samples
sysDescr FlowPipe samples
sysLocation a namespace
sysContact nobody
END
    in_server env SNMP_PERSISTENT_DIR="$work" snmpd -C -c "$work/snmpd.conf" -Lf "$work/snmpd.log" -p "$work/snmpd.pid" udp:161
    wait_until snmpd in_client snmpget -v2c -c public 10.77.0.2 1.3.6.1.2.1.1.5.0
}
