using System.Text;

namespace Loggregator.Pipeline.Series;

/// <summary>
/// Series as a stream of bytes: a version, then for each identity its bytes and its series, each with kind, name, unit and chunks. Lengths and numbers are varints;
/// an identity of no bytes is the end. Whoever writes it somewhere adds a checksum.
/// </summary>
internal static class SeriesSnapshot
{
    private const byte Version = 2; // 1 had chunks of one block
    private const int DerivedFlag = 2; // beside the kind
    private const int MaxText = 64 * 1024;

    /// <summary>Writes all there is. Store's lock.</summary>
    public static void Write(Stream target, SeriesIndex index)
    {
        using var writer = new BinaryWriter(target, Encoding.UTF8, leaveOpen: true);
        var packed = new byte[SampleChunk.MaxLength];
        writer.Write(Version);
        foreach (var set in index.Sets)
        {
            WriteBytes(writer, set.Identity);
            writer.Write7BitEncodedInt(set.Count);
            foreach (var series in set.Slots)
            {
                if (series is not null)
                {
                    WriteSeries(writer, series, packed);
                }
            }
        }

        WriteBytes(writer, []);
    }

    /// <summary>Adds what was written, as far as the limits let it. Store's lock; it must be empty.</summary>
    /// <exception cref="InvalidDataException">The bytes are not what was written.</exception>
    public static void Read(Stream source, SeriesAppender appender)
    {
        using var reader = new BinaryReader(source, Encoding.UTF8, leaveOpen: true);
        if (reader.ReadByte() is var version && version != Version)
        {
            throw new InvalidDataException($"Its series have version {version}, and this program reads version {Version}.");
        }

        List<(long Time, TimeSeries Series)> entries = [];
        try
        {
            while (ReadBytes(reader, MaxText) is { Length: > 0 } identity)
            {
                for (var count = reader.Read7BitEncodedInt(); count > 0; count--)
                {
                    ReadSeries(reader, identity, appender, entries);
                }
            }
        }
        catch (FormatException)
        {
            throw new InvalidDataException("It has a number that is none.");
        }
        finally
        {
            foreach (var (_, series) in entries.OrderBy(entry => entry.Time))
            {
                appender.Eviction.Enqueue(series);
            }

            appender.Eviction.MakeRoom(appender.Now);
        }
    }

    private static void WriteSeries(BinaryWriter writer, TimeSeries series, byte[] packed)
    {
        writer.Write((byte)((int)series.Kind + (series.IsDerived ? DerivedFlag : 0)));
        WriteBytes(writer, series.Name.Utf8);
        WriteBytes(writer, series.Unit.Utf8);
        writer.Write7BitEncodedInt(series.ChunkCount + (series.WindowCount > 0 ? 1 : 0));
        foreach (var chunk in series.Chunks)
        {
            WriteBytes(writer, chunk);
        }

        if (series.WindowCount > 0)
        {
            WriteBytes(writer, packed.AsSpan(0, SampleChunk.Write(packed, series.Newest)));
        }
    }

    private static void ReadSeries(BinaryReader reader, byte[] identity, SeriesAppender appender, List<(long Time, TimeSeries Series)> entries)
    {
        var kind = reader.ReadByte();
        var name = ReadBytes(reader, MaxText);
        var unit = ReadBytes(reader, MaxText);
        var chunks = reader.Read7BitEncodedInt();
        LabelSet? set = null;
        TimeSeries? series = null;
        for (var i = 0; i < chunks; i++)
        {
            var chunk = ReadBytes(reader, SampleChunk.MaxLength);
            var samples = SampleChunk.ReadRange(chunk, out var first, out var last);
            if (samples == 0)
            {
                throw new InvalidDataException("It has a chunk without samples.");
            }

            if (i == 0)
            {
                var hash = appender.Index.HashOfName(name);
                series = appender.Add(ref set, identity, name, hash, (SeriesKind)(kind & 1), last);
                appender.Counters.LoadedCount += series is null ? 1 : 0; // which is folded
                if (series is not null && unit.Length > 0)
                {
                    appender.Index.SetUnit(series, unit);
                }
            }

            if (series is not null)
            {
                series.IsDerived = (kind & DerivedFlag) != 0;
                appender.Counters.LoadedCount += samples;
                appender.Counters.AppendedCount += samples;
                appender.Eviction.AddChunk(series, chunk, appender.Now);
                entries.Add((first, series));
                if (SeriesEviction.EntriesOf(chunk) == 2)
                {
                    entries.Add((first + ((last - first) / 2), series));
                }
            }
        }
    }

    private static void WriteBytes(BinaryWriter writer, ReadOnlySpan<byte> bytes)
    {
        writer.Write7BitEncodedInt(bytes.Length);
        writer.Write(bytes);
    }

    private static byte[] ReadBytes(BinaryReader reader, int most)
    {
        var length = reader.Read7BitEncodedInt();
        if (length < 0 || length > most)
        {
            throw new InvalidDataException($"It has a text of {length} bytes.");
        }

        var bytes = reader.ReadBytes(length);
        return bytes.Length == length ? bytes : throw new EndOfStreamException("Its series end before their end.");
    }
}
