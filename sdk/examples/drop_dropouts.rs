//! A complete plugin in Rust, on the standard library alone: dropout(x, p, train=False) is x itself.
//!
//!   rustc --edition 2021 -O --crate-type cdylib sdk/examples/drop_dropouts.rs -o drop_dropouts.so
//!
//! The same pass as `fettle plugins new` writes in C and C++. What it uses of fettle.h is written out
//! below by hand, slot for slot: structs that start with `size` may be declared as far as they are
//! used, and the tables' sizes are checked before they are believed. A panic ends at the boundary.
use std::ffi::{c_void, CStr};
use std::mem::size_of;
use std::os::raw::c_char;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicPtr, Ordering};

// ---- fettle.h, as far as this plugin goes

type Status = i32;
const OK: Status = 0;
const E_INTERNAL: Status = -1;
const E_LIMIT: Status = -5;
const E_UNSUPPORTED: Status = -7;
const NONE: u32 = 0xffff_ffff;
const PROMISE_EXACT: u32 = 0;

#[repr(C)]
#[derive(Clone, Copy)]
struct Str {
    data: *const u8,
    size: u64,
}
const fn text(s: &'static str) -> Str {
    Str { data: s.as_ptr(), size: s.len() as u64 }
}

#[repr(C)]
struct Host {
    size: u32,
    abi_major: u32,
    abi_minor: u32,
    reserved: u32,
    version: Str,
    extension: extern "C" fn(*const c_char) -> *const c_void,
}

#[repr(C)]
struct NodeInfo {
    size: u32,
    opcode: u32,
    op: u32,
    block: u32,
    name: Str,
    n_operands: u32,
    n_args: u32,
    operands: *const u32,
    first_result: u32,
    n_results: u32,
    input_kind: u32,
    reserved: u32,
    input_target: Str,
}

/// An element of arrays, and so frozen: all of it stands here.
#[repr(C)]
struct Arg {
    name: Str,
    kind: u32,
    payload: u32,
    form: u32,
    operand: u32,
    value: u32,
    block: u32,
    i: i64,
    f: f64,
    imaginary: f64,
    s: Str,
    n: u64,
    ints: *const i64,
    floats: *const f64,
    elements: *const Arg,
}

type Ctx = *mut c_void;
type Graph = *mut c_void;
type Slot = *const c_void; // a function that this plugin does not call

#[repr(C)]
struct GraphApi {
    size: u32,
    reserved: u32,
    find_symbol: extern "C" fn(Graph, Str) -> u32,
    symbol_text: Slot,
    node_count: Slot,
    first_node: extern "C" fn(Graph, u32) -> u32,
    last_node: Slot,
    next_node: extern "C" fn(Graph, u32) -> u32,
    prev_node: Slot,
    node_info: extern "C" fn(Ctx, Graph, u32, *mut NodeInfo) -> Status,
    value_info: Slot,
    node_op: extern "C" fn(Graph, u32) -> u32,
    value_producer: Slot,
    value_use_count: Slot,
    node_arg: Slot,
    node_arg_named: extern "C" fn(Ctx, Graph, u32, Str, *mut Arg) -> Status,
}

#[repr(C)]
struct EditApi {
    size: u32,
    reserved: u32,
    rewrite_begin: extern "C" fn(Ctx, Graph, u32, Str) -> Status,
    rewrite_end: extern "C" fn(Ctx, Graph) -> Status,
    rewrite_abort: extern "C" fn(Ctx, Graph) -> Status,
    create_node: Slot,
    erase_node: extern "C" fn(Ctx, Graph, u32) -> Status,
    replace_all_uses: extern "C" fn(Ctx, Graph, u32, u32) -> Status,
}

#[repr(C)]
struct PassApi {
    size: u32,
    promise: u32,
    analyze: Slot,
    transform: extern "C" fn(*mut c_void, Ctx, Graph) -> Status,
    verify: Slot,
    n_preserves: u64,
    preserves: *const Str,
}

#[repr(C)]
struct Component {
    size: u32,
    reserved: u32,
    name: Str,
    summary: Str,
    n_options: u64,
    options: *const c_void,
    create: extern "C" fn(Ctx, *const c_void, u64, *mut *mut c_void) -> Status,
    destroy: extern "C" fn(*mut c_void),
    interface: extern "C" fn(*const c_char) -> *const c_void,
}

#[repr(C)]
pub struct Plugin {
    size: u32,
    abi_major: u32,
    abi_min_minor: u32,
    abi_minor: u32,
    id: Str,
    version: Str,
    init: extern "C" fn(*const Host, Ctx) -> Status,
    fini: Slot,
    n_components: u64,
    components: *const Shared<*const Component>,
}

/// Tables are constant, and what they point at is too.
#[repr(transparent)]
struct Shared<T>(T);
unsafe impl<T> Sync for Shared<T> {}

// ---- the pass

static GRAPH: AtomicPtr<GraphApi> = AtomicPtr::new(null_mut());
static EDIT: AtomicPtr<EditApi> = AtomicPtr::new(null_mut());

struct Program {
    ctx: Ctx,
    graph: Graph,
    read: &'static GraphApi,
    edit: &'static EditApi,
}

/// A status of the host's that is not OK ends the pass, and the host takes back what it did.
fn checked(status: Status) -> Result<(), Status> {
    if status == OK { Ok(()) } else { Err(status) }
}

impl Program {
    fn nodes(&self) -> Vec<u32> {
        let first = (self.read.first_node)(self.graph, 0);
        let following = |&node: &u32| Some((self.read.next_node)(self.graph, node));
        std::iter::successors(Some(first), following).take_while(|&node| node != NONE).collect()
    }

    fn trains(&self, node: u32) -> Result<bool, Status> {
        let mut train: Arg = unsafe { std::mem::zeroed() };
        let (ctx, name) = (self.ctx, text("train"));
        checked((self.read.node_arg_named)(ctx, self.graph, node, name, &mut train))?;
        Ok(train.i != 0)
    }

    fn remove(&self, node: u32) -> Result<(), Status> {
        let mut info: NodeInfo = unsafe { std::mem::zeroed() };
        info.size = size_of::<NodeInfo>() as u32;
        checked((self.read.node_info)(self.ctx, self.graph, node, &mut info))?;
        let (result, input) = (info.first_result, unsafe { *info.operands });
        match (self.edit.rewrite_begin)(self.ctx, self.graph, node, text("dropout without training")) {
            E_LIMIT => return Ok(()), // leave this site alone
            status => checked(status)?,
        }
        let done = checked((self.edit.replace_all_uses)(self.ctx, self.graph, result, input))
            .and_then(|()| checked((self.edit.erase_node)(self.ctx, self.graph, node)));
        if done.is_err() {
            (self.edit.rewrite_abort)(self.ctx, self.graph);
            return done;
        }
        checked((self.edit.rewrite_end)(self.ctx, self.graph))
    }

    fn run(&self) -> Result<(), Status> {
        let dropout = (self.read.find_symbol)(self.graph, text("aten.dropout.default"));
        for node in self.nodes() {
            let here = dropout != NONE && (self.read.node_op)(self.graph, node) == dropout;
            if here && !self.trains(node)? {
                self.remove(node)?;
            }
        }
        Ok(())
    }
}

extern "C" fn transform(_: *mut c_void, ctx: Ctx, graph: Graph) -> Status {
    let work = || {
        let read = unsafe { &*GRAPH.load(Ordering::Acquire) };
        let edit = unsafe { &*EDIT.load(Ordering::Acquire) };
        Program { ctx, graph, read, edit }.run().err().unwrap_or(OK)
    };
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(E_INTERNAL)
}

// ---- what the host asks for

extern "C" fn init(host: *const Host, _: Ctx) -> Status {
    let find = |id: &'static [u8]| unsafe { ((*host).extension)(id.as_ptr().cast()) };
    let read = find(b"fettle.graph/1\0") as *mut GraphApi;
    let edit = find(b"fettle.edit/1\0") as *mut EditApi;
    let whole = unsafe {
        !read.is_null() && (*read).size as usize >= size_of::<GraphApi>() &&
        !edit.is_null() && (*edit).size as usize >= size_of::<EditApi>()
    };
    GRAPH.store(read, Ordering::Release);
    EDIT.store(edit, Ordering::Release);
    if whole { OK } else { E_UNSUPPORTED }
}

extern "C" fn create(_: Ctx, _: *const c_void, _: u64, out: *mut *mut c_void) -> Status {
    unsafe { *out = null_mut() }; // no state
    OK
}
extern "C" fn destroy(_: *mut c_void) {}

extern "C" fn interface(id: *const c_char) -> *const c_void {
    let asked = unsafe { CStr::from_ptr(id) };
    if asked.to_bytes() == b"fettle.pass/1" { &PASS as *const _ as *const c_void } else { null() }
}

static PASS: Shared<PassApi> = Shared(PassApi {
    size: size_of::<PassApi>() as u32,
    promise: PROMISE_EXACT,
    analyze: null(),
    transform,
    verify: null(),
    n_preserves: 0,
    preserves: null(),
});

static COMPONENT: Shared<Component> = Shared(Component {
    size: size_of::<Component>() as u32,
    reserved: 0,
    name: text("drop_dropouts"),
    summary: text("Removes dropouts that do nothing outside training."),
    n_options: 0,
    options: null(),
    create,
    destroy,
    interface,
});
static COMPONENTS: Shared<[Shared<*const Component>; 1]> = Shared([Shared(&COMPONENT.0)]);

static PLUGIN: Shared<Plugin> = Shared(Plugin {
    size: size_of::<Plugin>() as u32,
    abi_major: 1,
    abi_min_minor: 0,
    abi_minor: 0,
    id: text("org.example.drop_dropouts_rust"),
    version: text("0.1.0"),
    init,
    fini: null(),
    n_components: 1,
    components: &COMPONENTS.0[0],
});

#[no_mangle]
pub extern "C" fn fettle_plugin_v1() -> *const Plugin {
    &PLUGIN.0
}
