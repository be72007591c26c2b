using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Loggregator.Nozzle.Delivery;

/// <summary>
/// Where records go that a receiver refuses for good: one JSON object a line with the time, the sink, the record's id, the reason and the
/// envelope's protobuf bytes in base64, so that it can be looked at and fed in again. Bounded: at half the budget the file becomes
/// <c>PATH.1</c>, in place of the one before, whose records are then gone and returned as a number. One writer.
/// </summary>
internal sealed class DeadLetterFile(string path, long maxBytes, TimeProvider time) : IDisposable
{
    private readonly ArrayBufferWriter<byte> _lines = new();
    private FileStream? _file;

    /// <summary>Where it is.</summary>
    public string Path => path;

    /// <summary>Writes what a batch's sink refused.</summary>
    /// <returns>How many older records had to go.</returns>
    /// <exception cref="IOException">The disk does not take it; nothing was written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    public long Write(RecordBatch batch, string sink, Func<string, string> redact)
    {
        _lines.ResetWrittenCount();
        foreach (var refusal in batch.Refusals)
        {
            Render(batch, refusal, sink, redact);
        }

        var gone = MakeRoom(_lines.WrittenCount);
        var start = _file!.Length;
        try
        {
            _file.Seek(0, SeekOrigin.End);
            _file.Write(_lines.WrittenSpan);
            _file.Flush();
        }
        catch (IOException)
        {
            _file.SetLength(start); // no half line
            throw;
        }

        return gone;
    }

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();

    private void Render(RecordBatch batch, RecordBatch.Refusal refusal, string sink, Func<string, string> redact)
    {
        using var json = new Utf8JsonWriter(_lines);
        json.WriteStartObject();
        json.WriteString("time", time.GetUtcNow().ToString("O", CultureInfo.InvariantCulture));
        json.WriteString("sink", sink);
        json.WriteString("id", batch.Id(refusal.Index));
        json.WriteString("reason", redact(refusal.Why));
        json.WriteBase64String("envelope", batch.Envelope(refusal.Index));
        json.WriteEndObject();
        json.Flush();
        _lines.Write("\n"u8);
    }

    private long MakeRoom(int bytes)
    {
        Open();
        if (_file!.Length == 0 || _file.Length + bytes <= maxBytes / 2)
        {
            return 0;
        }

        _file.Dispose();
        _file = null;
        var older = path + ".1";
        var gone = System.IO.File.Exists(older) ? System.IO.File.ReadLines(older).LongCount() : 0;
        System.IO.File.Move(path, older, overwrite: true);
        Open();
        return gone;
    }

    private void Open()
    {
        if (_file is null)
        {
            var folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
            Directory.CreateDirectory(folder);
            _file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
        }
    }
}
