# shellcheck shell=bash disable=SC2154,SC2034 # $instance, $listen and the like are install.sh's
# TLS: which certificate Apache has, and a self-signed one where there is none. What is not said stays as the installation
# has it. The settings that do not depend on the machine are etc/apache/tls.conf.

readonly self_signed=$instance/tls/self-signed # .pem and .key

# choose_tls sets tls to yes or no, certificate and key.
choose_tls() {
    was_tls=no
    if grep -qsx 'Include tls.conf' "$instance/listen.conf"; then was_tls=yes; fi
    tls=${tls:-$was_tls}
    if [[ $tls == no || $certificate ]]; then return; fi
    certificate=$(found_path SSLCertificateFile) key=$(found_path SSLCertificateKeyFile)
    if [[ ! $certificate ]]; then certificate=$self_signed.pem key=$self_signed.key; fi
}

found_path() {
    if [[ -r $instance/listen.conf ]]; then sed -n "s/^$1 \"\\(.*\\)\"\$/\\1/p" "$instance/listen.conf"; fi
}

# check_path accepts what Apache's configuration takes as it is between quotes.
check_path() {
    [[ $1 =~ ^/[A-Za-z0-9\ ./_@%+,:=~-]+$ ]]
}

# write_listen prints listen.conf. The paths are those given, not copies: who renews a certificate does it there.
write_listen() {
    printf '# install.sh --listen [ADDRESS:]PORT\nListen %s\n' "$listen"
    if [[ $tls == no ]]; then return; fi
    printf '# install.sh --tls --cert FILE --key FILE\nInclude tls.conf\n'
    printf 'SSLCertificateFile "%s"\nSSLCertificateKeyFile "%s"\n' "$certificate" "$key"
}

# check_certificate refuses what Apache could not start with, or would ask a passphrase for.
check_certificate() {
    local mode
    if [[ $tls == no || $certificate == "$self_signed.pem" ]]; then return; fi
    public_key certificate >/dev/null || refuse bad-certificate "$certificate"
    public_key key >/dev/null || refuse bad-key "$key"
    if ! is_pair; then refuse other-key "$key" "$certificate"; fi
    mode=$(stat -L -c %a -- "$key")
    if ((0$mode & 07)); then refuse open-key "$key"; fi
}

# public_key prints that of the certificate or of the key.
public_key() {
    if [[ $1 == certificate ]]; then
        openssl x509 -in "$certificate" -noout -pubkey
    else
        openssl pkey -in "$key" -passin pass: -pubout
    fi 2>/dev/null </dev/null
}

is_pair() { [[ $(public_key certificate) && $(public_key certificate) == "$(public_key key)" ]]; }

# make_certificate makes the self-signed one, once; a new one would be a new warning in every browser.
make_certificate() {
    if [[ $tls == no ]]; then return; fi
    if [[ $certificate == "$self_signed.pem" ]] && ! is_pair; then
        owe apache-reload
        sign_self
        changed made-certificate "$certificate" "$(certificate_says -fingerprint -sha256)"
    fi
    if ! openssl x509 -in "$certificate" -noout -checkend 2592000 >/dev/null; then # 30 days
        say warning-certificate "$certificate" "$(certificate_says -enddate)"
    fi
}

certificate_says() { openssl x509 -in "$certificate" -noout "$@" | cut -d= -f2; }

# sign_self makes key and certificate: of an elliptic curve, for 825 days, the longest that all browsers take. The site's
# openssl.cnf has no say in it.
sign_self() {
    local new_key new_certificate
    new_key=$(temporary "$key") new_certificate=$(temporary "$certificate")
    rm -f -- "$new_key" "$new_certificate"
    (
        umask 077
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -days 825 -config /dev/stdin \
            -keyout "$new_key" -out "$new_certificate" 2>/dev/null <<END
[req]
prompt = no
distinguished_name = subject
x509_extensions = extensions
[subject]
O = Share Zone
CN = $(hostname)
[extensions]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = $(own_names)
END
    ) || refuse no-certificate
    chmod 0644 "$new_certificate"
    sync -- "$new_key" "$new_certificate"
    mv -fT -- "$new_key" "$key"
    mv -fT -- "$new_certificate" "$certificate"
}

# own_names prints the names and addresses under which browsers may ask: "DNS:share.example.com,IP:192.0.2.10".
own_names() {
    local address=${listen%:*} name
    {
        for name in localhost "$(hostname)" "$(hostname -f 2>/dev/null || true)"; do
            if [[ $name =~ ^[A-Za-z0-9._-]+$ ]]; then echo "DNS:$name"; fi
        done
        if [[ $address == "$listen" ]]; then address=''; fi # a port alone
        for name in 127.0.0.1 ::1 ${address//[\[\]]/} $(hostname -I 2>/dev/null || true); do echo "IP:$name"; done
    } | awk '!seen[$0]++' | paste -sd,
}
