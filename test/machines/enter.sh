#!/bin/bash
# First process of a made-up machine, in namespaces of its own: private folders where the machine's files belong.
# Arguments: folder of the machine, file of host names.
set -euo pipefail
folder=$1
hosts=$2
mkdir -p "$folder"/opt "$folder"/{etc,var,local}{,.work}
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$folder/etc,workdir=$folder/etc.work" /etc
mount -t overlay overlay -o "lowerdir=/var,upperdir=$folder/var,workdir=$folder/var.work" /var
mount -t overlay overlay -o "lowerdir=/usr/local,upperdir=$folder/local,workdir=$folder/local.work" /usr/local
mount --bind "$folder/opt" /opt
mount -t tmpfs tmpfs /run
mount -t tmpfs -o mode=0755 tmpfs /dev
mknod -m 666 /dev/null c 1 3
mknod -m 666 /dev/zero c 1 5
mknod -m 666 /dev/full c 1 7
mknod -m 666 /dev/random c 1 8
mknod -m 666 /dev/urandom c 1 9
# The volume of the ledger; nothing reads or writes it.
mknod -m 660 /dev/sdf b 7 200
ln -s /proc/self/fd /dev/fd
mkdir -m 1777 /dev/shm
cp "$hosts" /etc/hosts
touch /etc/fstab
mkdir -p /opt/aws/amazon-cloudwatch-agent/bin
printf '#!/bin/sh\n' > /opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl
chmod 0755 /opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl
ip link set lo up
echo ready
# Whoever is left without a parent becomes this process' child, and is buried by it.
while :; do
  sleep 3600 &
  wait $!
done
