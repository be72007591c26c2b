using Loggregator.Nozzle.Rendering;
using Loggregator.Nozzle.Settings;

namespace Loggregator.Nozzle.Sinks.Files;

/// <summary>The options of <see cref="FileSink"/>.</summary>
internal sealed class FileSinkOptions
{
    /// <summary>Reads them.</summary>
    public FileSinkOptions(SinkUrl url, OptionReader read)
    {
        Path = Uri.UnescapeDataString(url.Path);
        if (Path.Length == 0 || Path.EndsWith('/') || url.Hosts.Count > 0)
        {
            read.Fail("name a file: file:///var/log/app.ndjson, with three slashes, or file:relative.ndjson.");
        }

        Format = RecordFormats.Read(read, RecordFormatName.Json, batched: true);
        RotateBytes = read.Read("rotate-bytes", 0L, 4096);
        RotateEvery = read.Read("rotate-every", TimeSpan.Zero, TimeSpan.FromSeconds(1), TimeSpan.FromDays(366));
        Keep = read.Read("keep", 0, 1);
        Compression = read.Read("compression", FileCompression.None);
        Sync = read.Read("sync", true);
    }

    /// <summary>Where to write.</summary>
    public string Path { get; }

    /// <summary>The form of a line.</summary>
    public IRecordFormat Format { get; }

    /// <summary>The file is rotated before it grows beyond this; 0: never.</summary>
    public long RotateBytes { get; }

    /// <summary>The file is rotated when it is this old; zero: never.</summary>
    public TimeSpan RotateEvery { get; }

    /// <summary>So many rotated files are kept; 0: all.</summary>
    public int Keep { get; }

    /// <summary>What becomes of rotated files.</summary>
    public FileCompression Compression { get; }

    /// <summary>Whether a batch is on the disk, not only with the operating system, before it counts as delivered.</summary>
    public bool Sync { get; }
}
