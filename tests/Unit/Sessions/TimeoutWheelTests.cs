using CsCheck;
using FlowPipe.Abstractions;
using FlowPipe.Core.Sessions;
using FlowPipe.Schemas;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Sessions;

/// <summary>The wheel against a list that is searched from end to end.</summary>
public sealed class TimeoutWheelTests
{
    private const long Second = 1_000_000_000;
    private const long Year = 365L * 24 * 3600 * Second;
    private static readonly CoreFields Fields = new(FieldDictionary.Default);

    private static readonly Gen<long> Jump = Gen.Frequency(
        (6, Gen.Long[0, Second]),
        (6, Gen.Long[0, 20 * Second]),
        (2, Gen.Long[0, 2000 * Second]),
        (1, Gen.Long[0, 30 * Year])
    );

    private static readonly Gen<int> Timeout = Gen.OneOf(Gen.Int[0, 10], Gen.Int[1, 1500], Pick.From(1022, 1023, 1024, 1025, 10_000));

    private static readonly Gen<SessionSettings> Settings = Gen.Select(
        Timeout.Array[3],
        Timeout.Array[3],
        Timeout.Array[3],
        (normal, emergency, other) =>
            new SessionSettings
            {
                FlowTimeouts = new FlowTimeoutSettings { Tcp = Of(normal, emergency), Default = Of(other, emergency) },
            }
    );

    private static readonly Gen<Step> Steps = Gen.Select(
        Gen.Enum<Act>(),
        Jump,
        Gen.Bool,
        Gen.Int[0, 100],
        (act, jump, tcp, which) => new Step(act, jump, tcp ? SessionType.Tcp : SessionType.Other, which)
    );

    [Fact]
    public void EndsWhatIsOverAndNothingElse()
    {
        Gen.Select(Settings, Gen.OneOf(Gen.Long[-40 * Year, 40 * Year], Pick.From(0L, -1L, -Second, -Second - 1)), Steps.Array[0, 120])
            .Sample((settings, start, steps) => Check(new FlowTimeouts(settings, []), start, steps), iter: 400);
    }

    [Fact]
    public void TheFirstClockIsTheFirstPackets()
    {
        // Before there are two packets the clock is at -∞ (DESIGN law 2), and sessions are added all the same.
        var wheel = new TimeoutWheel(new FlowTimeouts(new SessionSettings(), []));
        Assert.Null(wheel.NextExpired(long.MinValue));
        FlowSession session = Session(1_700_000_000 * Second, SessionType.Udp);
        wheel.Add(session);
        Assert.Null(wheel.NextExpired(1_700_000_060 * Second));
        Assert.Same(session, wheel.NextExpired(1_700_000_062 * Second));
        Assert.Null(wheel.NextExpired(1_700_000_062 * Second));
    }

    [Fact]
    public void GivesTheLeastRecentFirst()
    {
        var wheel = new TimeoutWheel(new FlowTimeouts(new SessionSettings(), []));
        Assert.Null(wheel.NextExpired(60 * Second));
        SessionType[] types = Enum.GetValues<SessionType>();
        FlowSession[] sessions = [.. Enumerable.Range(0, 500).Select(i => Session((51 + (i * 5 % 7)) * Second, types[i % types.Length]))];
        foreach (FlowSession session in sessions)
            wheel.Add(session);
        for (int i = 0; i < sessions.Length; i += 3)
            sessions[i].LastNowNs += 2 * Second; // a packet: the wheel does not know yet
        for (int i = 0; i < sessions.Length; i += 5)
            wheel.Reclass(sessions[i], FlowTimeouts.ClassOf(types[i % types.Length], FlowState.Established));
        var taken = new List<FlowSession>();
        while (wheel.TakeLeastRecent() is { } session)
            taken.Add(session);
        Assert.Equal(sessions.Select(session => session.LastNowNs).Order(), taken.Select(session => session.LastNowNs));
        Assert.Equal(sessions.Length, taken.Distinct().Count());
        wheel.Restart();
        Assert.Equal(long.MinValue, wheel.DueNs);
    }

    [Fact]
    public void IsExactWhenAsked()
    {
        var wheel = new TimeoutWheel(new FlowTimeouts(new SessionSettings { UdpTimeout = 10 }, []));
        Assert.Null(wheel.NextExpired(100 * Second));
        FlowSession[] sessions = [.. Enumerable.Range(1, 4).Select(i => Session((100 * Second) + (i * Second / 5), SessionType.Udp))];
        foreach (FlowSession session in sessions)
            wheel.Add(session);
        sessions[0].LastNowNs += 5 * Second;
        long clock = (110 * Second) + (Second / 2);
        Assert.Null(wheel.NextExpired(clock));
        Assert.Same(sessions[1], wheel.NextExpired(clock, exact: true));
        Assert.Null(wheel.NextExpired(clock, exact: true));
        Assert.Same(sessions[2], wheel.TakeLeastRecent());
        Assert.Same(sessions[3], wheel.TakeLeastRecent());
        Assert.Same(sessions[0], wheel.TakeLeastRecent());
        Assert.Null(wheel.TakeLeastRecent());
    }

    private static void Check(FlowTimeouts timeouts, long start, Step[] steps)
    {
        var wheel = new TimeoutWheel(timeouts);
        var open = new List<FlowSession>();
        long clock = start;
        Run(wheel, open, clock, exact: false);
        foreach (Step step in steps)
        {
            FlowSession? one = open.Count == 0 ? null : open[step.Which % open.Count];
            switch (step.Act)
            {
                case Act.Add:
                    open.Add(Session(clock + (step.Jump % Second), step.Type));
                    wheel.Add(open[^1]);
                    break;
                case Act.Touch when one is not null:
                    one.LastNowNs = Math.Max(one.LastNowNs, clock);
                    break;
                case Act.Remove when one is not null:
                    wheel.Remove(one);
                    open.Remove(one);
                    break;
                case Act.Reclass when one is not null && one.TimeoutClass % 3 < 2:
                    one.LastNowNs = Math.Max(one.LastNowNs, clock);
                    wheel.Reclass(one, (byte)(one.TimeoutClass + 1));
                    break;
                case Act.Emergency:
                    wheel.Use(wheel.TimeoutsNs == timeouts.Normal ? timeouts.Emergency : timeouts.Normal);
                    Run(wheel, open, clock, exact: false);
                    break;
                case Act.Exact:
                    Run(wheel, open, clock, exact: true);
                    break;
                case Act.Advance:
                    clock += step.Jump;
                    Run(wheel, open, clock, exact: false);
                    break;
            }
        }
        Assert.Equal(open.Count, Left(wheel));
    }

    private static void Run(TimeoutWheel wheel, List<FlowSession> open, long clock, bool exact)
    {
        // As a partition does: asked only when it says that it is due, or when there is no room.
        if (exact || clock >= wheel.DueNs)
        {
            while (wheel.NextExpired(clock, exact) is { } session)
            {
                Assert.True(wheel.DeadlineNs(session) < clock, "a look-up at this clock would have kept it");
                Assert.True(open.Remove(session), "ended twice, or never added");
            }
        }
        Assert.True(clock < wheel.DueNs);
        foreach (FlowSession session in open)
            Assert.True(Floor(wheel.DeadlineNs(session)) >= Floor(clock), "over since the second before, and still open");
    }

    private static int Left(TimeoutWheel wheel)
    {
        int left = 0;
        long last = long.MinValue;
        while (wheel.TakeLeastRecent() is { } session)
        {
            Assert.True(last == long.MinValue || Floor(session.LastNowNs) >= Floor(last));
            last = session.LastNowNs;
            left++;
        }
        return left;
    }

    private static ProtocolTimeouts Of(int[] normal, int[] emergency) =>
        new()
        {
            New = normal[0],
            Established = normal[1],
            Closed = normal[2],
            EmergencyNew = emergency[0],
            EmergencyEstablished = emergency[1],
            EmergencyClosed = emergency[2],
        };

    private static long Floor(long ns) => (long)Math.Floor((decimal)ns / Second);

    private static FlowSession Session(long last, SessionType type) =>
        new(Fields) { LastNowNs = last, TimeoutClass = FlowTimeouts.ClassOf(type, FlowState.New) };

    private enum Act
    {
        Add,
        Touch,
        Remove,
        Reclass,
        Emergency,
        Exact,
        Advance,
    }

    private readonly record struct Step(Act Act, long Jump, SessionType Type, int Which);
}
