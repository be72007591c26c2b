using System.Diagnostics;
using Loggregator.Pipeline.Log;
using Loggregator.Pipeline.Series;
using Microsoft.Extensions.Logging;

namespace Loggregator.Doppler.Lifetime;

/// <summary>
/// What a planned stop leaves for the next start: log and series in one file. It is loaded once: from then on another start, after a crash, begins empty
/// rather than with what is old. Nothing about the file is ever an error that stops the role.
/// </summary>
internal sealed class Snapshot(DopplerOptions options, DopplerIdentity identity, EnvelopeLog log, SeriesStore series, ILogger<Snapshot> logger)
{
    private const string LogSection = "log", SeriesSection = "series";
    private const long Overhead = 16 * 1024 * 1024; // of blocks and heads, generously

    /// <summary>Whether a stop writes one.</summary>
    public bool IsKept => options.SnapshotPath.Length > 0;

    /// <summary>Where one that could not be loaded is put, in place of any that was there.</summary>
    public static string RefusedPath(string path) => path + ".refused";

    /// <summary>Writes what is held. Nothing may be appended any more.</summary>
    public void Save()
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            using var writer = new SnapshotWriter(options.SnapshotPath, log.Budget + series.Limits.Bytes + Overhead);
            writer.BeginSection(LogSection);
            log.Save(writer, log.Budget);
            writer.BeginSection(SeriesSection);
            series.Save(writer);
            var bytes = writer.Complete();
            Log.SnapshotWritten(logger, options.SnapshotPath, bytes, Stopwatch.GetElapsedTime(started).TotalSeconds);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.SnapshotNotWritten(logger, options.SnapshotPath, exception.Message);
        }
    }

    /// <summary>Loads the file, if there is one, into the empty log and series, and takes it away.</summary>
    public void Load()
    {
        var started = Stopwatch.GetTimestamp();
        var path = options.SnapshotPath;
        var taken = path + ".loading";
        try
        {
            File.Delete(SnapshotWriter.TemporaryPath(path)); // of a stop that was cut
            File.Delete(taken); // of a start that was
            if (!File.Exists(path))
            {
                return;
            }

            File.Move(path, taken);
            var (bytes, envelopes) = LoadFrom(taken);
            identity.Restored = true;
            File.Delete(taken);
            Log.SnapshotLoaded(logger, path, bytes, envelopes, series.Counters.Loaded, Stopwatch.GetElapsedTime(started).TotalSeconds);
        }
        catch (Exception exception) when (exception is SnapshotException or LogSnapshotException or InvalidDataException or EndOfStreamException)
        {
            File.Move(taken, RefusedPath(path), overwrite: true);
            Log.SnapshotRefused(logger, path, exception.Message, RefusedPath(path));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.SnapshotUnreadable(logger, path, exception.Message);
        }
    }

    private (long Bytes, long Envelopes) LoadFrom(string path)
    {
        using var reader = new SnapshotReader(path);
        var envelopes = 0L;
        while (reader.NextSection() is { } section)
        {
            switch (section)
            {
                case LogSection:
                    envelopes = log.Load(reader);
                    break;
                case SeriesSection:
                    LoadSeries(reader);
                    break;
                default:
                    break; // of a later time; what it has is not missed here
            }
        }

        return (reader.FileLength, envelopes);
    }

    // The file is whole, so it is another version that wrote these: what the log has is as good without them.
    private void LoadSeries(SnapshotReader reader)
    {
        try
        {
            series.Load(reader);
        }
        catch (Exception exception) when (exception is InvalidDataException or EndOfStreamException)
        {
            Log.SnapshotSeriesRefused(logger, options.SnapshotPath, exception.Message);
        }
    }
}
