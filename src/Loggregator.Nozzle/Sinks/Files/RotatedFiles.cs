using System.Globalization;
using System.IO.Compression;
using ZstdSharp;

namespace Loggregator.Nozzle.Sinks.Files;

/// <summary>The older files beside a sink's file: <c>PATH.20261123T101500.000Z</c>, compressed or not; their names sort by age.</summary>
internal sealed class RotatedFiles(string path, FileCompression compression, int keep)
{
    private const string TimeFormat = "yyyyMMdd'T'HHmmss.fff'Z'";

    /// <summary>Moves the file aside, without writing over another.</summary>
    /// <returns>Its new name.</returns>
    public string MoveAside(DateTimeOffset now)
    {
        var name = NameAt(now);
        while (Exists(name))
        {
            now += TimeSpan.FromMilliseconds(1);
            name = NameAt(now);
        }

        File.Move(path, name);
        return name;
    }

    /// <summary>Compresses what was moved aside, also what an earlier run left so, and removes what is too old. Takes its time.</summary>
    public void TidyUp(CancellationToken cancel)
    {
        foreach (var name in List().Where(name => !name.EndsWith(".gz", StringComparison.Ordinal) && !name.EndsWith(".zst", StringComparison.Ordinal)))
        {
            cancel.ThrowIfCancellationRequested();
            Compress(name);
        }

        foreach (var name in keep == 0 ? [] : List().SkipLast(keep))
        {
            File.Delete(name);
        }
    }

    /// <summary>The rotated files, oldest first.</summary>
    public IReadOnlyList<string> List()
    {
        var full = Path.GetFullPath(path);
        var prefix = Path.GetFileName(full) + ".";
        return
        [
            .. Directory.EnumerateFiles(Path.GetDirectoryName(full)!, "*")
                .Where(name => Path.GetFileName(name).StartsWith(prefix, StringComparison.Ordinal) && IsRotated(Path.GetFileName(name)[prefix.Length..]))
                .Order(StringComparer.Ordinal),
        ];
    }

    private static bool IsRotated(string suffix)
    {
        var time = suffix.EndsWith(".gz", StringComparison.Ordinal) ? suffix[..^3] : suffix.EndsWith(".zst", StringComparison.Ordinal) ? suffix[..^4] : suffix;
        return DateTimeOffset.TryParseExact(time, TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _);
    }

    private static bool Exists(string name) => File.Exists(name) || File.Exists(name + ".gz") || File.Exists(name + ".zst");

    private string NameAt(DateTimeOffset time) => $"{path}.{time.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture)}";

    // Under another name until it is whole and on the disk: a crash leaves the original.
    private void Compress(string name)
    {
        if (compression == FileCompression.None)
        {
            return;
        }

        var target = name + (compression == FileCompression.Gzip ? ".gz" : ".zst");
        var unfinished = target + ".part";
        using (var input = File.OpenRead(name))
        using (var output = File.Create(unfinished))
        {
            using (Stream packed = compression == FileCompression.Gzip ? new GZipStream(output, CompressionLevel.Optimal, leaveOpen: true) : new CompressionStream(output, leaveOpen: true))
            {
                input.CopyTo(packed);
            }

            output.Flush(flushToDisk: true);
        }

        File.Move(unfinished, target, overwrite: true);
        File.Delete(name);
    }
}
