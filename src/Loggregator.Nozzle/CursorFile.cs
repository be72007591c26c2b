using Loggregator.Client.Consume;
using Microsoft.Extensions.Logging;

namespace Loggregator.Nozzle;

/// <summary>
/// Where a durable sink stands at the Dopplers, kept beside its spool: by it a group that a Doppler has forgotten goes on, and a Doppler that was
/// started again meanwhile is noticed. What is lost with the file is this, never an envelope. One thread.
/// </summary>
internal sealed class CursorFile(string path, string sink, ILogger logger)
{
    private string _kept = "";
    private bool _failing;

    /// <summary>The cursor of the last run; null when there is none that can be read.</summary>
    public StreamCursor? Read()
    {
        try
        {
            return StreamCursor.TryParse(_kept = File.ReadAllText(path), out var cursor) ? cursor : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Keeps a cursor, if it has changed.</summary>
    public void Keep(StreamCursor cursor)
    {
        var text = cursor.ToString();
        if (text == _kept || cursor.Marks.Count == 0)
        {
            return;
        }

        try
        {
            File.WriteAllText(path + ".new", text);
            File.Move(path + ".new", path, overwrite: true);
            (_kept, _failing) = (text, false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (!_failing)
            {
                Log.CursorNotKept(logger, sink, e.Message);
            }

            _failing = true;
        }
    }
}
