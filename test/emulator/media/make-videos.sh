#!/bin/sh
# Makes the clips anew (ffmpeg 5.1 with libx264). Needed only to change them.
# Both timescales are 90000: ../files.ts gives a clip another length by changing them.
set -eu
cd "$(dirname "$0")"
make() { # name width height frames-per-second crf
  ffmpeg -loglevel error -y \
    -f lavfi -i "gradients=size=$2x$3:rate=$4:duration=8:speed=0.05:seed=7:nb_colors=4:c0=0x1e3a8a:c1=0x14b8a6:c2=0x9333ea:c3=0xf59e0b:x0=0:y0=0:x1=$2:y1=$3" \
    -f lavfi -i "color=white:size=$2x12:rate=$4:duration=8" \
    -filter_complex "[0][1]overlay=x='-w+w*t/8':y=H-h,format=yuv420p" \
    -c:v libx264 -profile:v high -preset veryslow -crf "$5" -g 24 \
    -video_track_timescale 90000 -movie_timescale 90000 \
    -movflags +faststart -fflags +bitexact -flags:v +bitexact -map_metadata -1 "$1.mp4"
}
make landscape 1280 720 12 33
make portrait 720 1280 12 33
make landscape-1080p 1920 1080 4 36
make portrait-1080p 1080 1920 4 36
make landscape-4k 3840 2160 2 38
make portrait-4k 2160 3840 2 38
