using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Loggregator.Nozzle.Spool.Files;
using Loggregator.Nozzle.Spool.Format;
using Microsoft.Extensions.Logging;

namespace Loggregator.Nozzle.Spool;

/// <summary>
/// Finds out what a folder holds. Only the last segment is read through: the others end where the next begins. Segments are never written to again, so
/// that nothing depends on what a crash has left behind their ends.
/// </summary>
internal sealed class Recovery
{
    private Recovery(ReadMark mark, List<Segment> segments, IReadOnlyList<RecordRange> delivered, ulong lastSegment)
    {
        (Mark, Segments, Delivered, LastSegment) = (mark, segments, delivered, lastSegment);
        NextRecord = Math.Max(segments.Count > 0 ? segments[^1].Records.To : 1, delivered[^1].To);
    }

    public ReadMark Mark { get; }

    public List<Segment> Segments { get; }

    /// <summary>Ascending, not empty.</summary>
    public IReadOnlyList<RecordRange> Delivered { get; }

    public ulong LastSegment { get; }

    public ulong NextRecord { get; }

    /// <summary>Reads a folder that is locked, and begins a new mark in it.</summary>
    /// <exception cref="SpoolException">Something was written by a newer version.</exception>
    public static Recovery Run(ISpoolFiles files, string directory, ILogger logger)
    {
        var state = ReadMark.Read(files);
        var (segments, lastSegment) = FindSegments(files, directory, logger);
        var first = segments.Count > 0 ? segments[0].Records.From : 1;
        if (state is null && segments.Count > 0)
        {
            SpoolLog.MarkMissing(logger, directory);
        }

        IReadOnlyList<RecordRange> delivered = state is { Delivered.Count: > 0 } ? state.Delivered : [new RecordRange(0, first)];
        foreach (var segment in segments.Where(segment => segment.Lost > 0))
        {
            var ranges = new RecordRanges();
            foreach (var range in delivered)
            {
                ranges.Add(range);
            }

            segment.Lost = segment.Records.Count - ranges.CountIn(segment.Records);
        }

        var id = state?.SpoolId ?? BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8));
        return new Recovery(ReadMark.Create(files, state, id, delivered), segments, delivered, lastSegment);
    }

    /// <summary>The segments of a folder, ascending, with what each holds; nothing is changed.</summary>
    /// <param name="files">The folder.</param>
    /// <param name="obsolete">Gets the names of files that hold nothing: those that others have replaced, and those without a readable block.</param>
    /// <param name="damagedHeaders">Gets the names of those whose header is damaged.</param>
    public static List<Segment> Read(ISpoolFiles files, List<string> obsolete, List<string> damagedHeaders)
    {
        var segments = new List<Segment>();
        foreach (var (name, length) in files.List().OrderBy(file => file.Name, StringComparer.Ordinal))
        {
            if (!SegmentName.TryRead(name, out var number, out var salt))
            {
                continue;
            }

            if (!TryOpen(files, name, out var opened))
            {
                continue;
            }

            using var file = opened;
            if (ReadFirst(file, name, number, salt, length, damagedHeaders) is not { } segment)
            {
                obsolete.Add(name);
                continue;
            }

            while (segments.Count > 0 && segments[^1].Records.From >= segment.Records.From)
            {
                obsolete.Add(segments[^1].Name); // replaced: its losses are in this one, or its writes were repeated here
                segments.RemoveAt(segments.Count - 1);
            }

            segments.Add(segment);
        }

        for (var i = 0; i < segments.Count - 1; i++)
        {
            segments[i].Records = segments[i].Records with { To = segments[i + 1].Records.From };
        }

        if (segments.Count > 0)
        {
            ReadEnd(files, segments[^1]);
        }

        return segments;
    }

    private static (List<Segment> Segments, ulong LastSegment) FindSegments(ISpoolFiles files, string directory, ILogger logger)
    {
        List<string> obsolete = [], damaged = [];
        var segments = Read(files, obsolete, damaged);
        ulong last = 0;
        foreach (var (name, _) in files.List())
        {
            last = SegmentName.TryRead(name, out var number, out _) ? Math.Max(last, number) : last;
        }

        damaged.ForEach(name => SpoolLog.HeaderDamaged(logger, directory, name));
        foreach (var name in obsolete)
        {
            if (damaged.Contains(name))
            {
                SpoolLog.Unreadable(logger, directory, name);
            }

            files.Delete(name);
        }

        if (segments.Count > 0)
        {
            using (var file = files.Open(segments[^1].Name, write: true))
            {
                file.Sync(); // what a crash of the process alone has left to the system becomes durable before it is delivered
            }

            if (segments[^1].FileLength > segments[^1].Length)
            {
                SpoolLog.UnfinishedWrite(logger, directory, segments[^1].Name, segments[^1].FileLength - segments[^1].Length);
            }
        }

        return (segments, last);
    }

    // Null when the file holds nothing that can be read: a segment that a crash has cut off before its first write was durable, or one beyond help.
    private static Segment? ReadFirst(ISpoolFile file, string name, ulong number, ulong salt, long length, List<string> damagedHeaders)
    {
        Span<byte> head = stackalloc byte[SegmentHeader.Length];
        var read = file.Read(head, 0);
        var whole = SegmentHeader.TryRead(head[..read], out var header, out var version);
        if (whole && version > SegmentHeader.Version)
        {
            throw new SpoolException($"{name} was written by a newer version ({version}; this one knows {SegmentHeader.Version}). Run that version, or give the sink another folder.");
        }

        using var walk = new SegmentWalk(file, salt, SegmentHeader.Length, 64 * 1024);
        var holds = walk.MoveNext(length);
        if (!whole && length > 0)
        {
            damagedHeaders.Add(name);
        }

        if (!holds && (!whole || length <= SegmentHeader.Length))
        {
            return null;
        }

        var first = whole ? header.FirstRecord : walk.Block.FirstRecord;
        return new Segment(number, salt, first, whole ? header.CreatedAt : walk.Block.AppendedAt)
        {
            Length = length,
            FileLength = length,
            Lost = holds && walk.Block.Kind == BlockKind.Losses ? 1u : 0,
        };
    }

    /// <summary>Opens a file to read; false when the nozzle that uses the spool has removed it meanwhile.</summary>
    public static bool TryOpen(ISpoolFiles files, string name, [NotNullWhen(true)] out ISpoolFile? file)
    {
        try
        {
            file = files.Open(name, write: false);
            return true;
        }
        catch (FileNotFoundException)
        {
            file = null;
            return false;
        }
    }

    private static void ReadEnd(ISpoolFiles files, Segment segment)
    {
        if (!TryOpen(files, segment.Name, out var opened))
        {
            return;
        }

        using var file = opened;
        using var walk = new SegmentWalk(file, segment.Salt, SegmentHeader.Length, SegmentWalk.UsualWindow);
        var length = (long)SegmentHeader.Length;
        while (walk.MoveNext(segment.FileLength))
        {
            length = walk.Position;
            segment.Records = segment.Records with { To = Math.Max(segment.Records.To, walk.Block.NextRecord) };
        }

        segment.Length = length;
    }
}
