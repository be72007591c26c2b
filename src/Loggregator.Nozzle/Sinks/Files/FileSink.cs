using Loggregator.Nozzle.Delivery;
using Loggregator.Nozzle.Rendering;
using Microsoft.Extensions.Logging;

namespace Loggregator.Nozzle.Sinks.Files;

/// <summary>
/// Appends records to a file, a line each, and rotates it by size and age. A batch is delivered when it is on the disk; of one that failed, or of
/// a line that a crash cut off, nothing stays in the middle of the file.
/// </summary>
internal sealed class FileSink(FileSinkOptions options, TimeProvider time, ILogger logger) : ISink
{
    private readonly RenderedMessages _lines = new(options.Format, lines: true);
    private readonly RotatedFiles _rotated = new(options.Path, options.Compression, options.Keep);
    private readonly CancellationTokenSource _disposing = new();
    private FileStream? _file;
    private DateTimeOffset _begun;
    private Task _tidying = Task.CompletedTask;

    /// <summary><c>file:///path</c> with the options of <see cref="FileSinkOptions"/>.</summary>
    public static SinkKind Kind { get; } = new(["file"], "file:///var/log/app.ndjson", (url, read) =>
    {
        var options = new FileSinkOptions(url, read);
        return context => new FileSink(options, context.Time, context.Logger);
    });

    public SinkLimits Limits { get; } = new(1024 * 1024, 10_000);

    public ValueTask<SinkAnswer> DeliverAsync(RecordBatch batch, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        try
        {
            _lines.Render(batch);
            Rotate(_lines.Bytes);
            Append(_lines.Buffer.Span);
            return ValueTask.FromResult(SinkAnswer.Settled);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ValueTask.FromResult(SinkAnswer.Retry($"the file cannot be written ({e.Message.TrimEnd('.')})"));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _disposing.CancelAsync();
        await _tidying;
        _file?.Dispose();
        _lines.Dispose();
        _disposing.Dispose();
    }

    private void Append(ReadOnlySpan<byte> lines)
    {
        var file = _file ??= Open();
        var end = RandomAccess.GetLength(file.SafeFileHandle);
        try
        {
            RandomAccess.Write(file.SafeFileHandle, lines, end);
            if (options.Sync)
            {
                RandomAccess.FlushToDisk(file.SafeFileHandle);
            }
        }
        catch (IOException)
        {
            TakeBack(end);
            throw;
        }
    }

    // What a full disk took of the batch would be a line cut off; if it cannot be taken back either, the next opening ends that line.
    private void TakeBack(long end)
    {
        try
        {
            RandomAccess.SetLength(_file!.SafeFileHandle, end);
        }
        catch (IOException)
        {
            _file!.Dispose();
            _file = null;
        }
    }

    private FileStream Open()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(options.Path))!);
        var file = new FileStream(options.Path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete, bufferSize: 0);
        Lock(file);
        _begun = RandomAccess.GetLength(file.SafeFileHandle) == 0 ? time.GetUtcNow() : File.GetLastWriteTimeUtc(options.Path);
        Span<byte> last = stackalloc byte[1];
        if (RandomAccess.GetLength(file.SafeFileHandle) > 0 && options.Format.IsText && RandomAccess.Read(file.SafeFileHandle, last, RandomAccess.GetLength(file.SafeFileHandle) - 1) == 1 && last[0] != '\n')
        {
            RandomAccess.Write(file.SafeFileHandle, "\n"u8, RandomAccess.GetLength(file.SafeFileHandle));
        }

        return file;
    }

    // Two writers would overwrite each other.
    private static void Lock(FileStream file)
    {
        if (OperatingSystem.IsMacOS())
        {
            return; // has no such locks in .NET
        }

        try
        {
            file.Lock(0, 0);
        }
        catch (IOException)
        {
            file.Dispose();
            throw new IOException("another process writes it; give each nozzle a file of its own");
        }
    }

    private void Rotate(int bytes)
    {
        if (_file is not null && !File.Exists(options.Path))
        {
            _file.Dispose(); // somebody moved it away
            _file = null;
        }

        var file = _file ??= Open();
        var isFull = options.RotateBytes > 0 && RandomAccess.GetLength(file.SafeFileHandle) + bytes > options.RotateBytes;
        var isOld = options.RotateEvery > TimeSpan.Zero && time.GetUtcNow() - _begun >= options.RotateEvery;
        if (RandomAccess.GetLength(file.SafeFileHandle) == 0 || !(isFull || isOld))
        {
            return;
        }

        file.Dispose();
        _file = null;
        _rotated.MoveAside(time.GetUtcNow());
        if (_tidying.IsCompleted)
        {
            _tidying = Task.Run(TidyUp); // compressing takes long, and the next batch need not wait for it
        }
    }

    private void TidyUp()
    {
        try
        {
            _rotated.TidyUp(_disposing.Token);
        }
        catch (OperationCanceledException)
        {
            // The next run goes on with it.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.NotTidied(logger, options.Path, e.Message.TrimEnd('.'));
        }
    }
}
