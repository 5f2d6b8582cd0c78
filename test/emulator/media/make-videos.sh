#!/bin/sh
# Makes landscape.mp4 and portrait.mp4 anew (ffmpeg 5.1 with libx264). Needed only to change them.
set -eu
cd "$(dirname "$0")"
make() { # name width height
  ffmpeg -loglevel error -y \
    -f lavfi -i "gradients=size=$2x$3:rate=12:duration=8:speed=0.05:seed=7:nb_colors=4:c0=0x1e3a8a:c1=0x14b8a6:c2=0x9333ea:c3=0xf59e0b:x0=0:y0=0:x1=$2:y1=$3" \
    -f lavfi -i "color=white:size=$2x12:rate=12:duration=8" \
    -filter_complex "[0][1]overlay=x='-w+w*t/8':y=H-h,format=yuv420p" \
    -c:v libx264 -profile:v high -preset veryslow -crf 33 -g 24 \
    -movflags +faststart -fflags +bitexact -flags:v +bitexact -map_metadata -1 "$1.mp4"
}
make landscape 1280 720
make portrait 720 1280
