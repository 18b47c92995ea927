"""What is asked of ffprobe, ffmpeg and Pillow."""

import io
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import IO, Any, NamedTuple

import ffmpeg
from PIL import Image, ImageChops, ImageStat

from functions.core.errors import FailureCode, SourceRejectedError
from functions.core.settings import settings
from functions.process import sandbox
from functions.process.plan import (
    AUDIO_FRAME_SAMPLES,
    AUDIO_GRID_FRAMES,
    SAMPLE_RATE,
    AudioChunk,
    AudioTrack,
    Chunk,
    Container,
    Plan,
    PlannedRung,
    Source,
    audio_seconds,
)
from functions.process.sandbox import Upload

MOST_STREAMS = 32
MOST_ALLOCATED_BYTES = 1_000_000_000
# How much of the end is read to find when the last picture goes.
TAIL_SECONDS = 5
# No camera or screen is faster: a higher rate is the clock of the container.
FASTEST_RATE = 480

# fmt: off
VIDEO_CODECS = frozenset({
    "av1", "cfhd", "dnxhd", "dvvideo", "ffv1", "flv1", "h263", "h264", "hevc", "mjpeg", "mpeg1video",
    "mpeg2video", "mpeg4", "msmpeg4v2", "msmpeg4v3", "prores", "qtrle", "rawvideo", "svq1", "svq3", "theora",
    "utvideo", "vc1", "vp8", "vp9", "wmv1", "wmv2", "wmv3",
})
AUDIO_CODECS = frozenset({
    "aac", "ac3", "alac", "amr_nb", "amr_wb", "dts", "eac3", "flac", "mp2", "mp3", "opus", "pcm_alaw",
    "pcm_f32le", "pcm_mulaw", "pcm_s16be", "pcm_s16le", "pcm_s24be", "pcm_s24le", "pcm_s32le", "pcm_u8",
    "truehd", "vorbis", "wmav1", "wmav2",
})
# fmt: on
# How bright, in cd/m2, the white of a page is in a high dynamic range (ITU-R BT.2408).
REFERENCE_WHITE = 203
HDR_TRANSFERS = frozenset({"smpte2084", "arib-std-b67"})
WIDE_PRIMARIES = frozenset({"bt2020", "smpte431", "smpte432"})
# Below this many lines, pictures that do not say how their colours are coded are taken for BT.601, above
# for BT.709: the rule of Chromium's decoder (media/ffmpeg/ffmpeg_common.cc), which plays the original.
FEWEST_HD_LINES = 720
# What the H.264 decoders of browsers and their hardware take.
WEB_PROFILES = frozenset({"Baseline", "Constrained Baseline", "Main", "High", "Progressive High"})
WEB_PIXELS = frozenset({"yuv420p", "yuvj420p"})
HIGHEST_WEB_LEVEL = 52
PROGRESSIVE = frozenset({"progressive", "unknown"})

# Their packets do not tell when a picture is shown; the container has to.
UNTIMED_CODECS = frozenset({"h264", "hevc"})

# What Matroska has before time zero is only there to decode the rest by. ffmpeg reads it without any time and
# takes it for the beginning; sent far back, in a row, and known by no other time, it is left out.
HIDDEN_START = r"setts=pts=if(eq(PTS\,NOPTS)*eq(DTS\,NOPTS)\,N-1e6\,PTS):dts=if(eq(PTS\,NOPTS)\,DTS\,NOPTS)"

FRAGMENTED = "+cmaf+empty_moov+default_base_moof+frag_discont+skip_trailer"
# No name, place, device or chapter of the source goes on.
NOTHING_ELSE: dict[str, Any] = {"sn": None, "dn": None, "map_metadata": -1, "map_chapters": -1}
# What the presets for speed leave out though it costs little: looking ahead, a second thought about each
# coefficient, and bits by how much a picture differs within itself (docs/decisions/0013).
X264_PARAMS = "open-gop=0:stitchable=1:mbtree=1:rc-lookahead=20:trellis=1:aq-mode=2:b-adapt=0"
AUDIO_BITRATE = "128k"
AUDIO_FRAGMENT_SECONDS = 4
AUDIO_LEAD = audio_seconds(AUDIO_GRID_FRAMES)

JPEG_COLOURS = {"out_color_matrix": "smpte170m", "out_range": "pc"}

# A frame says something when it is neither dark nor white nor all of one shade (8-bit luma).
DARKEST, BRIGHTEST, FLATTEST = 24, 232, 12
# Two pictures of 16 x 16 that differ by less than this, on average, show the same.
ALIKE = 2
MOST_IMAGE_PIXELS = 16_000_000


def inspect(upload: Upload, *, seconds: float) -> Source:
    """Read what a source is made of, or raise what stops it from becoming a video."""
    with _ffprobe(upload, "-show_format", "-show_streams", "-of", "json", seconds=seconds) as (answer, log):
        found = json.load(answer)
    streams: list[dict[str, Any]] = found.get("streams", [])
    video = _first(streams, "video")
    if video is None:
        raise SourceRejectedError(FailureCode.NO_VIDEO)
    if len(streams) > MOST_STREAMS or video.get("codec_name") not in VIDEO_CODECS:
        raise SourceRejectedError(FailureCode.NOT_A_VIDEO)

    start = Fraction(video.get("start_time", "0"))
    average, nominal = _rate(video["avg_frame_rate"]), _rate(video["r_frame_rate"])
    claimed = Fraction(video.get("duration", "0"))
    if upload.demuxer == Container.ASF:  # counts from zero, whenever the pictures begin
        claimed = max(claimed - start, Fraction())
    pictures = _pictures(upload, video["index"], near=start + (claimed or _length(found)), seconds=seconds)
    if pictures is None or pictures.end < start + claimed - 1:
        raise SourceRejectedError(FailureCode.CORRUPT)
    if not average:
        pictures = _pictures(upload, video["index"], near=Fraction(), seconds=seconds) or pictures
        average = Fraction(pictures.number) / max(pictures.end - start, Fraction(1, FASTEST_RATE))

    audio = _audio(streams)
    width, height, rotation = _displayed(video)
    if not width * height:
        sandbox.blame(log)
    return Source(
        container=Container(upload.demuxer),
        seconds=max(pictures.end - start, 1 / average),
        start_time=float(start),
        width=width,
        height=height,
        average_rate=average,
        nominal_rate=nominal,
        rotation=rotation,
        turned=any("displaymatrix" in data for data in video.get("side_data_list", [])),
        hdr=video.get("color_transfer") in HDR_TRANSFERS,
        wide_gamut=video.get("color_primaries") in WIDE_PRIMARIES,
        assumed_matrix=_assumed_matrix(video),
        interlaced=video.get("field_order", "unknown") not in PROGRESSIVE,
        untimed=upload.demuxer == Container.AVI and video["codec_name"] in UNTIMED_CODECS,
        reordered=bool(video.get("has_b_frames")),
        video_codec=video["codec_name"],
        video_stream=video["index"],
        audio=audio,
        web_fit=_web_fit(video, audio),
    )


def copy(upload: Upload, source: Source, path: Path, *, seconds: float) -> str:
    """Put the pictures and the sound of a source, as they are, where any moment of them is found by range."""
    # Of untimed pictures, the decoder guesses better than the demuxer.
    streams = ffmpeg.input(upload.url, **upload.options() | ({"fflags": "-genpts"} if source.untimed else {}))
    wanted = [source.video_stream, *([source.audio.stream] if source.audio else [])]
    filters = _packet_filters(upload, source)
    options = {"bsf:v": ",".join(filters)} if filters else {}
    output = ffmpeg.output(
        *(streams[str(stream)] for stream in wanted),
        str(path),
        f=Container.MATROSKA.value,
        c="copy",
        allow_raw_vfw=1,
        **options,
        **NOTHING_ELSE,
    )
    return _ffmpeg(output, seconds=seconds)


def copy_for_browsers(upload: Upload, plan: Plan, path: Path, *, seconds: float) -> str:
    """Put the pictures and the sound, as they are, into an MP4 that plays while it is still being loaded."""
    streams = ffmpeg.input(upload.url, **upload.options())
    wanted = [plan.video_stream, *([plan.audio.stream] if plan.audio else [])]
    output = ffmpeg.output(
        *(streams[str(stream)] for stream in wanted),
        str(path),
        f="mp4",
        c="copy",
        movflags="+faststart",
        **NOTHING_ELSE,
    )
    return _ffmpeg(output, seconds=seconds)


def _packet_filters(upload: Upload, source: Source) -> list[str]:
    """Return the bitstream filters that mend the packets of the pictures on their way into a copy."""
    # DivX packs two pictures into one and leaves the next empty.
    filters = ["mpeg4_unpack_bframes"] if source.video_codec == "mpeg4" else []
    if source.untimed:
        filters.append("setts=pts=DTS")
    elif upload.demuxer == Container.AVI:
        filters.append("setts=pts=PTS-STARTPTS+STARTDTS:dts=DTS-STARTPTS+STARTDTS")
    return filters


def encode_chunk(
    upload: Upload, plan: Plan, chunk: Chunk, files: Mapping[PlannedRung, Path], *, seconds: float
) -> str:
    """Encode one chunk into the file of each rung, in one process with one decode; return the log.

    Decoding begins at the key frame before the chunk; the fps filter then lays the frames on the grid of
    the whole video and drops what is before the chunk, so that chunks join without a seam.
    """
    starts_at = plan.seconds(chunk.first_frame)
    options: dict[str, Any] = {"noaccurate_seek": None, "seek_timestamp": 1}
    if plan.container is Container.MATROSKA:
        options["bsf:v"] = HIDDEN_START
    if chunk.first_frame:
        options["ss"] = _decimal(starts_at + Fraction(plan.start_time))
    if not plan.turned:
        options["reinit_filter"] = 0
    source = _opened(upload, itsoffset=-plan.start_time, **options)
    frames = _counted(_progressive(source, plan), plan).filter(
        "fps", fps=str(plan.fps), start_time=_decimal(starts_at), round="near"
    )
    count = chunk.frames + (plan.last_chunk_slack if plan.is_last(chunk) else 0)
    largest = plan.rungs[0]
    pictures = _standard_colours(frames, plan, largest.frame_width, largest.frame_height)
    return _encode(pictures, plan, files, frames=count, seconds=seconds)


def encode_sample(plan: Plan, files: Mapping[PlannedRung, Path], *, seconds: float) -> None:
    """Encode one black frame as every chunk will be: its header is the one that all of them must have."""
    size = f"{plan.rungs[0].frame_width}x{plan.rungs[0].frame_height}"
    black = ffmpeg.input(f"color=black:s={size}:r={plan.fps}", f="lavfi")
    _encode(_labelled(black.filter("format", "yuv420p")), plan, files, frames=1, seconds=seconds)


def _encode(
    pictures: Any, plan: Plan, files: Mapping[PlannedRung, Path], *, frames: int, seconds: float
) -> str:
    outputs = [
        sized.output(
            str(path),
            vcodec="libx264",
            preset=rung.preset,
            crf=rung.crf,
            maxrate=f"{rung.maxrate_kbps}k",
            bufsize=f"{2 * rung.maxrate_kbps}k",
            g=plan.segment_frames,
            keyint_min=plan.segment_frames,
            sc_threshold=0,
            fps_mode="passthrough",
            video_track_timescale=plan.timescale,
            an=None,
            **_fragmented("+frag_keyframe"),
            **{"profile:v": "high", "frames:v": frames, "x264-params": X264_PARAMS},
        )
        for (rung, path), sized in zip(files.items(), _in_sizes(pictures, list(files)), strict=True)
    ]
    return _ffmpeg(ffmpeg.merge_outputs(*outputs), seconds=seconds)


def _in_sizes(pictures: Any, rungs: Sequence[PlannedRung]) -> Iterator[Any]:
    """Yield the pictures in the size of each rung, the largest first.

    Each is made from the one before: less to read than the source, and no worse to look at.
    """
    for number, rung in enumerate(rungs, 1):
        sized = pictures.filter("scale", rung.frame_width, rung.frame_height, flags="bicubic")
        sized = sized.filter("setsar", 1)
        if number < len(rungs):
            copies = sized.filter_multi_output("split")
            sized, pictures = copies[0], copies[1]
        yield sized


def encode_audio(
    upload: Upload, plan: Plan, track: AudioTrack, chunk: AudioChunk, path: Path, *, seconds: float
) -> str:
    """Encode a chunk of the track; what AAC puts before time zero is dropped.

    A frame of AAC sounds right only between its neighbours. So a chunk is encoded with what is before and
    after it, and the frames of these are dropped. Silence follows a track that ends before the pictures:
    players wait where one of the two is missing.
    """
    begins, _ = _audio_span(plan, chunk)
    # Sound may lie a little before the pictures of its time, so the way to it begins a little earlier.
    seek = {"ss": _decimal(begins - AUDIO_LEAD + Fraction(plan.start_time))} if chunk.first_frame else {}
    source = _opened(
        upload, itsoffset=-plan.start_time, noaccurate_seek=None, seek_timestamp=1, vn=None, **seek
    )
    # The first pts counts samples as they come in, so they have to come at our rate.
    first_pts = int(begins * SAMPLE_RATE)
    filters = [f"aresample={SAMPLE_RATE}", f"aresample=async=1:first_pts={first_pts}"]
    if chunk.first_frame:
        filters.insert(0, f"atrim=start={_decimal(begins)}")
    return _ffmpeg(_aac(source[str(track.stream)], plan, chunk, path, filters), seconds=seconds)


def encode_silence(plan: Plan, chunk: AudioChunk, path: Path, *, seconds: float) -> str:
    """Encode a chunk that the track has nothing for: it began later, or has ended."""
    begins, ends = _audio_span(plan, chunk)
    silence = ffmpeg.input(f"anullsrc=r={SAMPLE_RATE}:d={_decimal(ends - begins)}", f="lavfi")
    filters = [f"asetpts=PTS+{_decimal(begins)}/TB"]
    return _ffmpeg(_aac(silence, plan, chunk, path, filters), seconds=seconds)


def _audio_span(plan: Plan, chunk: AudioChunk) -> tuple[Fraction, Fraction]:
    """Return from when to when sound is encoded for a chunk, in seconds: some more than is kept of it."""
    begins = max(chunk.starts_at - AUDIO_LEAD, Fraction())
    if chunk.frames is None:
        return begins, max(plan.seconds(plan.frames), chunk.starts_at)
    return begins, audio_seconds(chunk.first_frame + chunk.frames) + AUDIO_LEAD


def _aac(sound: Any, plan: Plan, chunk: AudioChunk, path: Path, filters: list[str]) -> Any:
    begins, ends = _audio_span(plan, chunk)
    filters = [*filters, "aformat=channel_layouts=stereo"]
    drop = rf"lt(pts\,{chunk.first_frame * AUDIO_FRAME_SAMPLES})"
    if chunk.frames is not None:
        filters.append(f"atrim=end={_decimal(ends)}")
        drop += rf"+gte(pts\,{(chunk.first_frame + chunk.frames) * AUDIO_FRAME_SAMPLES})"
    return sound.output(
        str(path),
        acodec="aac",
        af=",".join([*filters, f"apad=whole_dur={_decimal(ends - begins)}"]),
        avoid_negative_ts="disabled",
        frag_duration=AUDIO_FRAGMENT_SECONDS * 1_000_000,
        **_fragmented(),
        **{"b:a": AUDIO_BITRATE, "bsf:a": f"noise=drop='{drop}'"},
    )


def grab_frame(
    upload: Upload, plan: Plan, *, at: Fraction, width: int, path: Path, exact: bool, seconds: float
) -> None:
    """Save the picture at `at` seconds as JPEG; unless `exact`, the key frame before it, which is cheap.

    JPEG knows only BT.601 in full range (JFIF 1.02), and nothing in the file could say otherwise. There is
    one processor: a second thread would be no faster, and hold another 100 MB of 8K.
    """
    cheap = {} if exact else {"noaccurate_seek": None, "skip_frame": "nokey"}
    source = _opened(upload, ss=_decimal(at), threads=1, **cheap)
    height = round(plan.height * width / plan.width)
    picture = (
        _standard_colours(_progressive(source, plan), plan, width, height)
        .filter("scale", width, height, **JPEG_COLOURS)
        .filter("setsar", 1)
    )
    # Not yuv420p: without a single frame that encoder would not open, instead of writing nothing.
    output = picture.filter("format", "yuvj420p").output(
        str(path), f="mjpeg", **{"frames:v": 1, "q:v": 3}, **NOTHING_ELSE
    )
    _ffmpeg(output, seconds=seconds)


def tile(
    film: Path,
    picture: Path,
    *,
    size: tuple[int, int],
    grid: tuple[int, int],
    every_second: bool,
    seconds: float,
) -> None:
    """Save key frames of our own `film`, or a frame of `every_second`, side by side in rows as one JPEG.

    `size` is (width, height) of each, `grid` how many there are (across, down).
    """
    chosen = {} if every_second else {"skip_frame": "nokey"}
    source = ffmpeg.input(str(film), f="mov", protocol_whitelist="file", **chosen)
    frames = (
        source.video.filter("fps", fps=1, start_time=0, eof_action="pass") if every_second else source.video
    )
    output = (
        frames.filter("scale", *size, **JPEG_COLOURS)
        .filter("tile", layout=f"{grid[0]}x{grid[1]}")
        .filter("format", "yuvj420p")
        .output(str(picture), f="mjpeg", fps_mode="passthrough", **{"frames:v": 1, "q:v": 5}, **NOTHING_ELSE)
    )
    _ffmpeg(output, seconds=seconds)


def says_something(picture: bytes) -> bool:
    """Tell a frame worth showing from a fade, a flash or an empty screen."""
    luma = ImageStat.Stat(_jpeg(picture).convert("L"))
    return DARKEST < luma.mean[0] < BRIGHTEST and luma.stddev[0] > FLATTEST


def differ(one: bytes, other: bytes) -> bool:
    """Tell whether two pictures show different things, and not the same a moment later."""
    small = [_jpeg(picture).convert("L").resize((16, 16)) for picture in (one, other)]
    return ImageStat.Stat(ImageChops.difference(*small)).mean[0] > ALIKE


def shrink(picture: bytes, width: int) -> tuple[bytes, tuple[int, int]]:
    """Return `picture` at most `width` wide, with its size."""
    image = _jpeg(picture)
    if image.width > width:
        image = image.resize(
            (width, max(1, round(image.height * width / image.width))), Image.Resampling.LANCZOS
        )
    small = io.BytesIO()
    image.save(small, "JPEG", quality=82, optimize=True, progressive=True)
    return small.getvalue(), image.size


def _jpeg(picture: bytes) -> Image.Image:
    with Image.open(io.BytesIO(picture), formats=["JPEG"]) as image:
        if image.width * image.height > MOST_IMAGE_PIXELS:
            raise SourceRejectedError(FailureCode.TOO_LARGE)
        return image.convert("RGB")


def _opened(upload: Upload, **options: Any) -> Any:
    return ffmpeg.input(
        upload.url, **upload.options(), max_pixels=settings().max_pixels, copyts=None, **options
    )


def _fragmented(*flags: str) -> dict[str, Any]:
    """Return the options of a file whose fragments carry the time of the whole video."""
    movflags = "".join([FRAGMENTED, *flags])
    return {"f": "mp4", "movflags": movflags, "use_editlist": 0, **NOTHING_ELSE}


def _of_one_size(frames: Any, plan: Plan) -> Any:
    """Bring pictures whose size changes on the way (calls, broadcasts) to that of the first.

    ffmpeg would build the filters anew at each change and lose what they hold: pictures, and the place on the
    grid. Scaling copes with every change, so it goes first and the filters stay (`reinit_filter`). Turned
    pictures are turned before that, by filters that do not cope; cameras that turn them keep their size.
    """
    return frames if plan.turned else frames.filter("scale", plan.width, plan.height)


def _progressive(source: Any, plan: Plan) -> Any:
    frames = _of_one_size(source[str(plan.video_stream)], plan)
    return frames.filter("bwdif", mode="send_frame") if plan.interlaced else frames


def _counted(frames: Any, plan: Plan) -> Any:
    """Give pictures that have no time of their own that of their place after the key frame, which has one.

    AVI counts pictures as they are decoded, and only the decoder knows in which order they are shown. But
    before a key frame as many are shown as are decoded. (ffmpeg's dts2pts, made for this, gives wrong times
    after some key frames: tried with 9.0.)
    """
    return frames.filter("setpts", "STARTPTS+N/FR/TB") if plan.counted else frames


def _standard_colours(frames: Any, plan: Plan, width: int, height: int) -> Any:
    """Bring every source to the colours that every screen shows: BT.709, 8 bit, video range, and saying so.

    Browsers guess what is not said from the number of lines, so that the rungs of one video would differ.
    No picture is needed larger than `width` x `height`. Wide colours become that small on their way to linear
    light, where a pixel takes twelve bytes and each step its time: 400 MB for a picture of 8K.
    """
    if plan.hdr or plan.wide_gamut:
        frames = frames.filter("zscale", width, height, filter="bicubic", t="linear", npl=REFERENCE_WHITE)
        frames = frames.filter("format", "gbrpf32le")
        frames = frames.filter("zscale", p="bt709")
        if plan.hdr:
            frames = frames.filter("tonemap", tonemap="mobius", desat=0)
        frames = frames.filter("zscale", t="bt709", m="bt709", r="tv")
    assumed = {"in_color_matrix": plan.assumed_matrix} if plan.assumed_matrix else {}
    scaled = frames.filter(
        "scale", out_color_matrix="bt709", out_range="tv", out_chroma_loc="left", **assumed
    )
    return _labelled(scaled.filter("format", "yuv420p"))


def _labelled(frames: Any) -> Any:
    """Say of frames what they are, and nothing of what the source was (brightness, rotation)."""
    bt709 = dict.fromkeys(("colorspace", "color_primaries", "color_trc"), "bt709")
    return frames.filter("setparams", range="tv", chroma_location="left", **bt709).filter(
        "sidedata", mode="delete"
    )


def _ffmpeg(output: Any, *, seconds: float) -> str:
    command = [
        settings().ffmpeg,
        "-hide_banner",
        "-nostdin",
        "-v",
        "warning",
        "-max_alloc",
        str(MOST_ALLOCATED_BYTES),
    ]
    return sandbox.run(output.compile(cmd=command, overwrite_output=True), seconds=seconds)


@contextmanager
def _ffprobe(upload: Upload, *wanted: str, seconds: float) -> Iterator[tuple[IO[bytes], str]]:
    options = [text for name, value in upload.options().items() for text in (f"-{name}", str(value))]
    with tempfile.TemporaryFile() as answer:
        command = [settings().ffprobe, "-v", "warning", *options, *wanted, upload.url]
        log = sandbox.run(command, seconds=seconds, answer=answer)
        if sandbox.lost_connection(log):
            raise sandbox.MediaError(log[-500:])
        answer.seek(0)
        yield answer, log


class _Pictures(NamedTuple):
    """The packets of the video stream from some time on; `end` is when the last one goes."""

    number: int
    end: Fraction


def _pictures(upload: Upload, stream: int, *, near: Fraction, seconds: float) -> _Pictures | None:
    """Read the packets around `near`, an end that may be wrong, and after it; all of them if none are there.

    Only packets tell when the last picture goes: containers state the length of the longest track, live
    recorders none at all.
    """
    after = max(near - TAIL_SECONDS, Fraction())
    interval = ("-read_intervals", f"{_decimal(after)}%") if after else ()
    wanted = (
        "-select_streams",
        str(stream),
        *interval,
        "-show_entries",
        "packet=pts_time,duration_time",
        "-of",
        "csv=p=0",
    )
    count, end = 0, Fraction()
    with _ffprobe(upload, *wanted, seconds=seconds) as (answer, _):
        for line in answer:
            shown_at, _, lasts = line.decode().strip().partition(",")
            if shown_at in {"", "N/A"}:
                continue
            lasts = lasts.strip(",")
            count += 1
            end = max(end, Fraction(shown_at) + Fraction("0" if lasts in {"", "N/A"} else lasts))
    if count or not after:
        return _Pictures(count, end) if count else None
    return _pictures(upload, stream, near=Fraction(), seconds=seconds)


def _first(streams: list[dict[str, Any]], kind: str) -> dict[str, Any] | None:
    """Return the stream of `kind` that a player would choose; cover art is no video."""
    candidates = [
        stream
        for stream in streams
        if stream.get("codec_type") == kind and not stream["disposition"]["attached_pic"]
    ]
    return max(candidates, key=lambda stream: stream["disposition"]["default"], default=None)


def _audio(streams: list[dict[str, Any]]) -> AudioTrack | None:
    track = _first([stream for stream in streams if stream.get("codec_name") in AUDIO_CODECS], "audio")
    if track is None:
        return None
    return AudioTrack(codec=track["codec_name"], channels=track["channels"], stream=track["index"])


def _rate(text: str) -> Fraction:
    """Return a frame rate, zero if it is missing or cannot be one."""
    numerator, denominator = (int(part) for part in text.split("/"))
    rate = Fraction(numerator, denominator) if denominator else Fraction()
    return rate if rate <= FASTEST_RATE else Fraction()


def _length(found: dict[str, Any]) -> Fraction:
    return Fraction(found["format"].get("duration", "0"))


def _displayed(video: dict[str, Any]) -> tuple[int, int, int]:
    """Return width, height and rotation as a viewer sees them: square pixels, upright."""
    across, _, down = video.get("sample_aspect_ratio", "1:1").partition(":")
    aspect = (
        Fraction(int(across), int(down))
        if across.isdigit() and down.isdigit() and int(across) * int(down)
        else Fraction(1)
    )
    width, height = round(video.get("width", 0) * aspect), video.get("height", 0)
    rotation = next(
        (int(data["rotation"]) for data in video.get("side_data_list", []) if "rotation" in data), 0
    )
    return (height, width, rotation) if rotation % 180 else (width, height, rotation)


def _web_fit(video: dict[str, Any], audio: AudioTrack | None) -> bool:
    """Tell whether every browser decodes the streams and shows them upright and in shape."""
    return (
        video["codec_name"] == "h264"
        and video.get("profile") in WEB_PROFILES
        and video.get("pix_fmt") in WEB_PIXELS
        and video.get("level", 0) <= HIGHEST_WEB_LEVEL
        and video.get("field_order", "unknown") in PROGRESSIVE
        and video.get("sample_aspect_ratio", "1:1") in {"1:1", "0:1"}
        and video.get("color_transfer") not in HDR_TRANSFERS
        and all(_is_quarter_turn(data) for data in video.get("side_data_list", []) if "displaymatrix" in data)
        and (audio is None or audio.codec == "aac")
    )


def _is_quarter_turn(side_data: dict[str, Any]) -> bool:
    """Tell turns by 0, 90, 180 and 270 degrees from others, and from mirrors (ISO/IEC 14496-12, 6.2.2)."""
    rows = [line.partition(":")[2].split() for line in side_data["displaymatrix"].strip().splitlines()]
    (a, b, *_), (c, d, *_) = ([int(number) for number in row] for row in rows[:2])
    return not (a * b or c * d) and a * d - b * c > 0


def _assumed_matrix(video: dict[str, Any]) -> str:
    """Return how to read colours that nothing is said of; empty if something is."""
    if video.get("color_space", "unknown") not in {"unknown", "reserved"}:
        return ""
    return "smpte170m" if video.get("height", 0) < FEWEST_HD_LINES else "bt709"


def _decimal(seconds: Fraction) -> str:
    return f"{float(seconds):.9f}"
